"""Bodies of S3 objects: files with random names, shared by copies, removed when unreferenced.

An object's record holds its body; a copy of the record holds it once more. A file is removed once
records are saved in which nothing holds it. The parts of an upload become one body as a list of
files.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import StorageFailed
from drydock.region.api.bulk.disk import failed
from drydock.region.api.bulk.released import Released

PIECE = 1024 * 1024
"""Bytes that are read at once."""


@dataclass(frozen=True)
class Body:
    """A sequence of files, each with its name and its size in bytes."""

    files: tuple[tuple[str, int], ...] = ()

    @property
    def length(self) -> int:
        """The length in bytes."""
        return sum(length for _, length in self.files)

    @classmethod
    def joined(cls, bodies: Iterable[Body]) -> Body:
        """Return the concatenation of bodies, in the same files."""
        return cls(tuple(file for body in bodies for file in body.files))


class BodyStore:
    """All bodies of the process. Thread-safe; no other lock is taken under its own."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most
        self._lock = threading.Lock()
        self._holders: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._released = Released()
        self._letting_go: deque[Body] = deque()
        """Released bodies. The garbage collector may release a body anywhere, so without the lock."""

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def total(self) -> int:
        """The bytes of all bodies."""
        return self._total

    def write(self, pieces: Iterable[bytes]) -> Body:
        """Write a new body, held once. Raises StorageFailed: there is no such body."""
        name, length = uuid.uuid4().hex, 0
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            # No record names it before it is complete, so it needs no temporary name.
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
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
        body = Body(((name, length),))
        self.hold(body)
        return body

    def _allow(self, length: int) -> None:
        if self._total + length > self._most:
            raise StorageFailed(
                "the bodies of S3's objects",
                f"they would have more than the {self._most} bytes that object_bytes of [region] allows",
                "delete objects, or give object_bytes a higher number in drydock.toml",
            )

    def hold(self, body: Body) -> None:
        """Count one more holder of a body."""
        with self._lock:
            for name, length in body.files:
                self._holders[name] += 1
                if name not in self._sizes:
                    self._sizes[name] = length
                    self._total += length
                self._released.take_back(name)

    def release(self, body: Body) -> None:
        """Count one holder less of a body."""
        self._letting_go.append(body)

    def _let_go(self) -> None:
        with self._lock, contextlib.suppress(IndexError):
            while True:
                for name, _ in self._letting_go.popleft().files:
                    self._holders[name] -= 1
                    if self._holders[name] <= 0:
                        del self._holders[name]
                        self._released.add(name)

    def check(self, body: Body) -> None:
        """Raise StorageFailed if one of a body's files is missing or has another length."""
        for name, length in body.files:
            path = self._path(name)
            try:
                found = path.stat().st_size
            except OSError as error:
                raise failed(str(path), error) from error
            if found != length:
                words = f"it has {found} bytes and should have {length}"
                raise failed(str(path), OSError(words))

    def pieces(self, body: Body, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield a range of a body, a piece at a time. Raises StorageFailed."""
        left = body.length - start if length is None else length
        for name, size in body.files:
            if start < size and left > 0:
                take = min(size - start, left)
                yield from self._of_file(name, start, take)
                left -= take
            start = max(0, start - size)

    def _of_file(self, name: str, start: int, length: int) -> Iterator[bytes]:
        try:
            with self._path(name).open("rb") as file:
                file.seek(start)
                while length > 0:
                    piece = file.read(min(PIECE, length))
                    if not piece:
                        raise EOFError("it is shorter than it was written")  # noqa: TRY301
                    length -= len(piece)
                    yield piece
        except (OSError, EOFError) as error:
            raise failed(str(self._path(name)), error) from error

    def mark(self) -> int:
        self._let_go()
        return self._released.mark()

    def settled(self, upto: int) -> None:
        """Remove files released up to `upto`: the records are saved without them."""
        for name in self._released.settle(upto):
            with self._lock:
                if name in self._holders:
                    continue
                self._total -= self._sizes.pop(name, 0)
            self._unlink(name)

    def tidy_up(self) -> None:
        """Remove every file that no record holds."""
        self._let_go()
        for path in list(self._folder.glob("??/*")):
            if path.name not in self._holders:
                self._unlink(path.name)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(OSError):  # the next start removes it
            self._path(name).unlink(missing_ok=True)
