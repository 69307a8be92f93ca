"""Where a folder lies: on this computer, on a network, or in a folder that a program keeps in step.

A network may vanish, and a synchronising program takes files away while they are written: no place to
record in.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

Kind = Literal["local", "network", "synchronised"]
Mount = tuple[str, str]

_SYSTEMS = (
    "nfs nfs4 cifs smb smb2 smb3 smbfs ncpfs afs afpfs 9p ceph glusterfs lustre gpfs beegfs orangefs "
    "davfs webdav ocfs2 gfs2 vboxsf prl_fs fuse.sshfs fuse.rclone fuse.glusterfs fuse.ceph "
    "fuse.davfs2 fuse.gvfsd-fuse fuse.s3fs fuse.goofys fuse.smbnetfs fuse.curlftpfs fuse.vmhgfs-fuse "
    "fuse.mergerfs-net fuse.google-drive-ocamlfuse fuse.onedriver"
)
NETWORK_SYSTEMS = frozenset(_SYSTEMS.split())
"""File systems whose disk is another computer's, as the system names them."""

MARKERS: Mapping[str, str] = {
    ".stfolder": "Syncthing",
    ".dropbox.cache": "Dropbox",
    ".dropbox": "Dropbox",
    ".owncloudsync.log": "ownCloud",
    ".nextcloudsync.log": "Nextcloud",
    "._sync_*.db": "Nextcloud",
    ".sync_*.db": "Nextcloud",
    ".tmp.drivedownload": "Google Drive",
    ".tmp.driveupload": "Google Drive",
    ".849C9593-D756-4E56-8D6E-42412F2A707B": "OneDrive",
    ".SeafileDB": "Seafile",
    ".synologyworkingdirectory": "Synology Drive",
    ".SynologyWorkingDirectory": "Synology Drive",
}
"""Files that synchronising programs keep in the top folder, with the program's name."""

FOLDERS: tuple[tuple[str, str], ...] = (
    (r"Dropbox( \(.+\))?", "Dropbox"),
    (r"OneDrive( - .+)?", "OneDrive"),
    (r"Google ?Drive", "Google Drive"),
    (r"GoogleDrive-.+", "Google Drive"),
    (r"com~apple~CloudDocs|iCloud ?Drive", "iCloud"),
    (r"Next[cC]loud", "Nextcloud"),
    (r"own[cC]loud", "ownCloud"),
)
"""Names that these programs give to their folders, taken for a sign on Windows and macOS, where some of them
leave no file there; on Linux a name alone says nothing."""


def kind_of(
    folder: Path,
    systems: Iterable[str] = NETWORK_SYSTEMS,
    mounts: Iterable[Mount] | None = None,
    platform: str = sys.platform,
) -> Kind:
    """Tell whether `folder` (or where it is to be) lies on this computer, a network, or is synchronised.

    `mounts` are (mount point, file system) pairs, None for the system's own. Synchronising programs are
    known by their files in a parent folder. On Windows a network is known by its UNC path or drive, on
    macOS by the file system; both are the best that the system tells without asking the other side.
    """
    place = folder.absolute()
    with contextlib.suppress(OSError):
        place = folder.resolve()
    if _is_unc(str(folder)) or _is_unc(str(place)):
        return "network"
    found = _system_of(place, system_mounts() if mounts is None else mounts, platform)
    if found in set(systems):
        return "network"
    return "synchronised" if synchroniser_of(place, platform) else "local"


def synchroniser_of(folder: Path, platform: str = sys.platform) -> str:
    """Return the name of the program that keeps `folder` in step with other computers, or ''."""
    named = platform in ("win32", "darwin")
    for parent in (folder, *folder.parents):
        for pattern, program in MARKERS.items():
            with contextlib.suppress(OSError):
                if any(True for _ in parent.glob(pattern)):
                    return program
        for pattern, program in FOLDERS if named else ():
            if re.fullmatch(pattern, parent.name):
                return program
        if parent.name == "com~apple~CloudDocs":
            return "iCloud"
    return ""


def system_mounts() -> list[Mount]:
    """Return what is mounted: (mount point, file system)."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            return parse_mountinfo(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace"))
    import psutil

    remote = {"remote", "network"}
    found: list[Mount] = []
    for part in psutil.disk_partitions(all=True):
        is_remote = remote & set(part.opts.lower().split(","))
        found.append((part.mountpoint, "smb" if is_remote else part.fstype.lower()))
    return found


def parse_mountinfo(text: str) -> list[Mount]:
    """Return the mounts that Linux's `mountinfo` lists, later ones over earlier ones of the same place."""
    found: list[Mount] = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split()
        if dash and len(fields) >= 5 and after.split():
            # Spaces and such are written as octal numbers.
            point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4])
            found.append((point, after.split()[0]))
    return found


def _is_unc(path: str) -> bool:
    return path.startswith("\\\\") and not path.startswith(("\\\\?\\", "\\\\.\\"))


def _system_of(place: Path, mounts: Iterable[Mount], platform: str) -> str:
    best, system = -1, ""
    for point, name in mounts:
        mounted = Path(point)
        if (place == mounted or mounted in place.parents) and len(mounted.parts) >= best:
            best, system = len(mounted.parts), name
    return system
