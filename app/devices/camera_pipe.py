"""A camera without a session: a process that opens it and writes its JPEG pictures to standard output.

    python -m app.devices.camera_pipe SOURCE        number, address or file of a camera, or `generated`

Each picture is its time (8 bytes, float64, clock of all streams), its length (4 bytes) and its bytes. It
ends when nobody reads any more, or with one sentence on standard error.
"""

from __future__ import annotations

import sys

from app.devices.camera import GeneratedCamera, OpenCvCamera
from app.devices.entries import GENERATED, CameraParams
from app.devices.feed import Feed, Picture
from app.devices.pipe_format import HEAD
from app.devices.source import DeviceError

WAIT_S = 0.25
NAME = "camera"


def main(source: str) -> int:
    """Write pictures until the pipe is closed; return the exit status."""
    try:
        camera: Feed = (
            GeneratedCamera(NAME) if source == GENERATED else OpenCvCamera(NAME, CameraParams(source=source))
        )
    except DeviceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        while True:
            picture = camera.next(WAIT_S)
            if isinstance(picture, Picture):
                sys.stdout.buffer.write(HEAD.pack(picture.time_s, len(picture.jpeg)) + picture.jpeg)
                sys.stdout.buffer.flush()
    except DeviceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        # What is still held back would be written at the end, to nobody.
        sys.stdout = None
        return 0
    finally:
        camera.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "0"))
