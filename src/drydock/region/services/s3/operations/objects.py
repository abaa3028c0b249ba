"""S3 objects whose bodies are files (`api/bulk`): a record names its body's files.

moto 5.2.5 keeps each body in memory up to 5 MiB and in a temporary file beyond, saves it with the
record, and copies it whenever versions are listed. `value` still exists where moto computes from a
whole body; all else reads it in `pieces`.
"""

from __future__ import annotations

import codecs
import threading
import zlib
from collections.abc import Iterable, Iterator
from hashlib import md5, sha1, sha256
from typing import Any

from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.models import FakeKey, FakeMultipart
from moto.s3.models import MultipartChecksumBuilder as Checksum
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from drydock.region.api import bulk
from drydock.region.api.bulk.bodies import Body

_DIGESTS: Any = {"SHA1": sha1, "SHA256": sha256}


class Shared:
    """An existing body that another object is to share."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def __len__(self) -> int:
        return self.body.length


class Object(FakeKey):
    """One version of an object, or a part of an upload.

    Holds its body from its creation to `dispose`.
    """

    body = Body()
    disposed = True
    """Whether it has released its body."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Any:
        """Make the object without moto's: moto would list it for its dashboard, and so keep it for
        ever.
        """
        return object.__new__(cls)

    def __init__(self, name: str, value: Any, *args: Any, **kwargs: Any) -> None:
        """Write the body. Raises StorageFailed if that fails; no object exists then."""
        super().__init__(name, value, *args, **kwargs)
        self._value_buffer.close()
        del self._value_buffer

    @property
    def value(self) -> Any:
        """Return all of the body, in memory. Raises StorageFailed: its files cannot be read."""
        return b"".join(self.pieces)

    @value.setter
    def value(self, new: Any) -> None:
        bodies = bulk.current().bodies
        if isinstance(new, Shared):
            body = new.body
            bodies.hold(body)
        else:
            body = bodies.write([new.encode() if isinstance(new, str) else new])
        self._let_go()
        self.body, self.contentsize, self.disposed = body, body.length, False

    @property
    def pieces(self) -> Iterator[bytes]:
        """Yield the body in pieces. Raises StorageFailed."""
        return bulk.current().bodies.pieces(self.body)

    @property
    def etag(self) -> str:
        if self._etag is None:
            digest = md5(usedforsecurity=False)
            for piece in self.pieces:
                digest.update(piece)
            self._etag = digest.hexdigest()
        return f'"{self._etag}"'

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        state.pop("lock", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copy or a saved object, also from an earlier version that saved the body with
        it.
        """
        state = dict(state)
        value, disposed = state.pop("value", None), state.pop("disposed", False)
        vars(self).update(state)
        self.lock = threading.Lock()
        if disposed:
            return
        if value is not None:
            self.value = value
        else:
            bulk.current().bodies.hold(self.body)
            self.disposed = False

    def dispose(self, garbage: bool = False) -> None:
        """Release the body. Idempotent."""
        if not self.disposed:
            self._let_go()
            if self.multipart and not garbage:
                self.multipart.dispose()

    def _let_go(self) -> None:
        opened = bulk.opened()
        if not self.disposed and opened is not None:
            opened.bodies.release(self.body)
        self.disposed = True

    def __del__(self) -> None:
        self.dispose(garbage=True)


class _View(Object):
    """Another view of an object's record, which holds no body itself."""

    @classmethod
    def of(cls, key: Object) -> Any:
        view = object.__new__(cls)
        view.__dict__ = vars(key)
        return view

    def __del__(self) -> None:
        """Do nothing: a view has nothing to release."""


class Source(_View):
    """An object that is copied: its value is its body, shared."""

    @property  # type: ignore[misc]
    def value(self) -> Any:
        return Shared(self.body)


class Answered(_View):
    """An object in a response: its value is read while it is sent."""

    @property  # type: ignore[misc]
    def value(self) -> Any:
        return Content(self.body)


class Content:
    """A body, or a part of it, that is read while it is sent; it is held until then.

    Raises StorageFailed where its files are not as they were written.
    """

    def __init__(self, body: Body, start: int = 0, length: int | None = None) -> None:
        self._bodies = bulk.current().bodies
        self._bodies.check(body)
        self._bodies.hold(body)
        self._body, self._start = body, start
        self._length = body.length - start if length is None else length
        self._held = True

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> Content:
        start, stop, _ = part.indices(self._length)
        return Content(self._body, self._start + start, max(0, stop - start))

    def __iter__(self) -> Iterator[bytes]:
        return self._bodies.pieces(self._body, self._start, self._length)

    def close(self) -> None:
        """Release the body. Idempotent."""
        if self._held:
            self._held = False
            self._bodies.release(self._body)

    def __del__(self) -> None:
        if hasattr(self, "_held"):
            self.close()


class Upload(FakeMultipart):
    """A multipart upload whose parts become one body in place, without being read together."""

    @classmethod
    def take_over(cls, upload: FakeMultipart) -> FakeMultipart:
        """Convert moto's upload into one of ours."""
        upload.__class__ = cls
        return upload

    def complete(self, body: Iterable[tuple[int, str]]) -> Any:
        """Return the whole body, its ETag, and its checksum's kind, value and number of parts.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
        """
        parts = self._named(list(body))
        digests = b"".join(codecs.decode(part.etag.strip('"'), "hex") for part in parts)
        etag = f"{md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        return Shared(Body.joined(part.body for part in parts)), etag, self._checksum(parts)

    def _named(self, named: list[tuple[int, str]]) -> list[Any]:
        found: list[Any] = []
        for number, etag in named:
            part = self.parts.get(number)
            if part is None or part.etag.strip('"') != etag.replace('"', ""):
                raise InvalidPart
            if found and found[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall
            found.append(part)
        if not found:
            raise MalformedXML
        return found

    def _checksum(self, parts: list[Object]) -> tuple[str, str, int] | None:
        algorithm = self.metadata.get("x-amz-checksum-algorithm")
        if not algorithm:
            return None  # moto shows none then
        builder = Checksum(algorithm, self.metadata.get("x-amz-checksum-type"))
        if builder.checksum_type != "COMPOSITE":
            pieces = (piece for part in parts for piece in part.pieces)
            value = codecs.encode(_checksum(algorithm, pieces), "base64").decode().strip()
            return builder.checksum_type, value, 1
        for part in parts:
            builder.checksum.extend(_checksum(algorithm, part.pieces))
            builder.part_count += 1
        return builder.build()


def _checksum(algorithm: str, pieces: Iterable[bytes]) -> bytes:
    """Return a checksum as moto computes it without the optional libraries, which Drydock does not
    have.

    Every CRC is CRC32 then.
    """
    if algorithm.startswith("CRC"):
        value = 0
        for piece in pieces:
            value = zlib.crc32(piece, value)
        return value.to_bytes(4, "big")
    digest = _DIGESTS.get(algorithm, sha256)(usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
    found: bytes = digest.digest()
    return found
