"""HAProxy's log files: one for each process, so that none overwrites another's.

The collector keeps its own offsets. A file is locked (flock) for as long as its writer lives; the
kernel releases the lock, however the writer ended.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".log"
_BLOCK = 4096
_PUNCH_HOLE, _KEEP_SIZE = 0x02, 0x01
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def created(folder: Path) -> Iterator[int]:
    """Yield a new file's descriptor, to be given to the process that writes; closed here at the
    end.
    """
    # names sort by age
    path = folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}{_SUFFIX}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)


def present(folder: Path) -> list[Path]:
    """Return the log files of a folder, the oldest first; the folder may be missing."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def read(path: Path, offset: int, limit: int) -> bytes:
    """Return whole lines from an offset on, about `limit` bytes at most (one line at least)."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(limit)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == limit:
            data += file.readline()
            end = data.rfind(b"\n") + 1
    return data[:end]


def next_line(path: Path, offset: int) -> int:
    """Return the offset of the first line that begins at an offset or after it."""
    if offset <= 0:
        return 0
    with path.open("rb") as file:
        file.seek(offset - 1)
        file.readline()
        return file.tell()


def ended(path: Path) -> bool:
    """Return whether a file's writer has ended."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def free(path: Path, until: int) -> None:
    """Release the disk space before an offset; the file's length and offsets stay.

    Where a file system cannot do that, the file grows until its process ends. Raises OSError.
    """
    length = until // _BLOCK * _BLOCK
    if not length:
        return
    descriptor = os.open(path, os.O_WRONLY)
    try:
        failed = _libc.fallocate(
            descriptor,
            _PUNCH_HOLE | _KEEP_SIZE,
            ctypes.c_int64(0),
            ctypes.c_int64(length),
        )
        if failed and ctypes.get_errno() not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    finally:
        os.close(descriptor)
