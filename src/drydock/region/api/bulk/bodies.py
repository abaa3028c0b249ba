"""Bodies of S3 objects: files with names that say nothing, shared by copies, removed when none is left.

An object's record holds its body (`Body`); a copy of the record holds it once more. A file is removed
when the records are saved in which nothing holds it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from drydock.errors import StorageFailed
from drydock.region.api.bulk.disk import failed
from drydock.region.api.bulk.released import Released

PIECE = 4 * 1024 * 1024
"""Bytes that are read at once."""


class BodyStore:
    """All bodies of the process. Thread-safe; its lock is a leaf."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most
        self._lock = threading.Lock()
        self._holders: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._released = Released()

    @property
    def folder(self) -> Path:
        return self._folder

    def write(self, pieces: Iterable[bytes]) -> tuple[str, int]:
        """A new body, held once → its name and length. Raises StorageFailed: there is no such body."""
        name = uuid.uuid4().hex
        path = self._path(name)
        length = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # No record names it before it is whole, so it needs no other name until then.
            with open(path, "xb", opener=_private) as file:
                for piece in pieces:
                    length += len(piece)
                    self._allow(length)
                    file.write(piece)
        except OSError as error:
            self._unlink(name)
            raise failed(str(self._folder), error) from error
        except BaseException:
            self._unlink(name)
            raise
        self.hold(name, length)
        return name, length

    def _allow(self, length: int) -> None:
        if self._total + length > self._most:
            raise StorageFailed(
                "the bodies of S3's objects",
                f"they would have more than the {self._most} bytes of object_bytes in [region]",
                "delete objects, or give object_bytes a higher number in drydock.toml",
            )

    def hold(self, name: str, length: int) -> None:
        """One more record has this body."""
        with self._lock:
            self._holders[name] += 1
            if name not in self._sizes:
                self._sizes[name] = length
                self._total += length
            self._released.take_back(name)

    def release(self, name: str) -> None:
        """One record less has it."""
        with self._lock:
            self._holders[name] -= 1
            if self._holders[name] <= 0:
                del self._holders[name]
                self._released.add(name)

    def open(self, name: str) -> BinaryIO:
        """To read; it can be read to its end whatever happens to the object. Raises StorageFailed."""
        try:
            return self._path(name).open("rb")
        except OSError as error:
            raise failed(str(self._path(name)), error) from error

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes:
        """A part of a body, or all from `start` on. Raises StorageFailed."""
        with self.open(name) as file:
            file.seek(start)
            return file.read(length)

    def pieces(self, name: str) -> Iterator[bytes]:
        """All of a body, some at a time. Raises StorageFailed."""
        with self.open(name) as file:
            while piece := file.read(PIECE):
                yield piece

    def mark(self) -> int:
        return self._released.mark()

    def settled(self, upto: int) -> None:
        """The records are saved without what was released until then: its files go."""
        for name in self._released.settle(upto):
            with self._lock:
                if name in self._holders:
                    continue
                self._total -= self._sizes.pop(name, 0)
            self._unlink(name)

    def tidy_up(self) -> None:
        """Remove every file that no record holds."""
        if self._folder.is_dir():
            for path in list(self._folder.glob("??/*")):
                if path.name not in self._holders:
                    self._unlink(path.name)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(OSError):  # the next start removes it
            self._path(name).unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
