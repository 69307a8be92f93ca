"""Small pictures of stimuli: decoded in threads when they are first seen, kept on disk for the next time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from app import settings
from stimuli.sets import Stimulus

SIZE = QSize(160, 120)
IN_MEMORY = 1500
THREADS = 2
LOOK_MS = 30
MOST_CACHED = 20_000
MOST_BYTES = 400_000_000


def cache_folder() -> Path:
    """Return this user's folder for small pictures."""
    if os.environ.get("EVOKE_HOME"):
        return settings.home() / "cache" / "thumbnails"
    return Path(platformdirs.user_cache_dir("evoke", "evoke")) / "thumbnails"


class Thumbs(QObject):
    """Gives small pictures by stimulus; `arrived(ids)` when some have been decoded."""

    arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pixmaps: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._worker = _Worker(cache_folder())
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)
        # The threads must not outlive the window: they end when they are told, also by its end.
        self.destroyed.connect(self._worker.stop)

    def get(self, item: Stimulus) -> QPixmap | None:
        """Return the small picture, None while it is being decoded or where there is none."""
        key = str(item.path)
        if key in self._pixmaps:
            self._pixmaps.move_to_end(key)
            return self._pixmaps[key]
        self._worker.ask(item)
        if not self._look.isActive():
            self._look.start()
        return None

    def is_known(self, item: Stimulus) -> bool:
        """Whether the decoding of this one is over."""
        return str(item.path) in self._pixmaps

    @property
    def is_idle(self) -> bool:
        """Whether everything that was asked for is decoded and known."""
        return self._worker.is_idle

    def forget(self) -> None:
        """Forget what is waiting: another set is looked at."""
        self._worker.clear()

    def refresh(self) -> None:
        """Look at every file anew."""
        self._worker.clear()
        self._pixmaps.clear()

    def close(self) -> None:
        """End the threads."""
        self._look.stop()
        self._worker.stop()

    def _on_look(self) -> None:
        ids = []
        for item, image in self._worker.take():
            self._pixmaps[str(item.path)] = None if image.isNull() else QPixmap.fromImage(image)
            ids.append(item.id)
        while len(self._pixmaps) > IN_MEMORY:
            self._pixmaps.popitem(last=False)
        if ids:
            self.arrived.emit(ids)
        elif self._worker.is_idle:
            self._look.stop()


class _Worker:
    """The threads' side: what was asked for last is decoded first, for that is what is in view."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Condition()
        self._wanted: OrderedDict[str, Stimulus] = OrderedDict()
        self._busy: set[str] = set()
        self._done: list[tuple[Stimulus, QImage]] = []
        self._is_over = False
        self._threads: list[threading.Thread] = []

    def ask(self, item: Stimulus) -> None:
        with self._lock:
            key = str(item.path)
            if self._is_over or key in self._busy:
                return
            self._wanted[key] = item
            self._wanted.move_to_end(key)
            if not self._threads:
                threading.Thread(target=trim_cache, name="thumbnails", daemon=True).start()
                for _ in range(THREADS):
                    thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
                    self._threads.append(thread)
                    thread.start()
            self._lock.notify()

    def take(self) -> list[tuple[Stimulus, QImage]]:
        with self._lock:
            done, self._done = self._done, []
            self._busy -= {str(item.path) for item, _ in done}
            return done

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return not (self._wanted or self._busy or self._done)

    def clear(self) -> None:
        with self._lock:
            self._wanted.clear()

    def stop(self) -> None:
        with self._lock:
            self._is_over = True
            self._wanted.clear()
            self._lock.notify_all()

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._wanted and not self._is_over:
                    self._lock.wait()
                if self._is_over:
                    return
                key, item = self._wanted.popitem(last=True)
                self._busy.add(key)
            image = QImage()
            with contextlib.suppress(Exception):
                image = thumbnail(item, self._folder)
            with self._lock:
                self._done.append((item, image))


def thumbnail(item: Stimulus, folder: Path) -> QImage:
    """Return the small picture of a stimulus from the cache, or make it; null where there is none."""
    if item.kind == "sound":
        return QImage()
    known = item.path.stat()
    mark = f"{item.path.absolute()}|{known.st_mtime_ns}|{known.st_size}|{SIZE.height()}"
    cached = folder / f"{hashlib.sha256(mark.encode()).hexdigest()[:32]}.jpg"
    if cached.exists():
        image = QImage(str(cached))
        if not image.isNull():
            return image
    image = _first_frame(item.path) if item.kind == "film" else scaled(item.path, SIZE)
    if not image.isNull():
        _keep(image, cached)
    return image


def scaled(path: Path, size: QSize) -> QImage:
    """Read a picture at no more than `size`; null where it cannot be read."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    whole = reader.size()
    if not whole.isValid() or whole.width() * whole.height() > MOST_BYTES // 4:
        return QImage()
    reader.setScaledSize(whole.scaled(size, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    return reader.read()


def _first_frame(path: Path) -> QImage:
    from stimuli.media import frames_along

    frames = frames_along(path, 1, SIZE.height())
    if not frames:
        return QImage()
    how = Qt.TransformationMode.SmoothTransformation
    return to_image(frames[0][1]).scaled(SIZE, Qt.AspectRatioMode.KeepAspectRatio, how)


def to_image(rgb: object) -> QImage:
    """Turn an array (height, width, 3) of bytes into a picture of its own memory."""
    import numpy as np

    pixels = np.ascontiguousarray(rgb, np.uint8)
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _keep(image: QImage, place: Path) -> None:
    """Put a small picture into the cache; one that cannot be written is made anew the next time."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f"{place.name}.{threading.get_ident()}.new")
        if image.save(str(partial), "JPG", 88):  # type: ignore[call-overload]
            partial.replace(place)


def trim_cache() -> None:
    """Delete the oldest small pictures where there are too many."""
    with contextlib.suppress(OSError):
        files = sorted(cache_folder().glob("*.jpg"), key=lambda path: path.stat().st_mtime)
        for path in files[: max(0, len(files) - MOST_CACHED)]:
            path.unlink()
