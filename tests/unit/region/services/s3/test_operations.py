"""S3: bodies are files that records name, shared by copies and gone with the last of them."""

from __future__ import annotations

import copy
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.errors import StorageFailed
from drydock.region.api import bulk
from drydock.region.api.saved import pickling
from drydock.region.services.s3.operations.objects import Object
from tests.support.served import Served

MIB = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    bulk.open_in(tmp_path / "bulk")
    yield tmp_path / "bulk" / "s3"
    bulk.close()


@pytest.fixture
def s3(served: Served, folder: Path) -> Any:
    del folder
    client = served.client("s3")
    client.create_bucket(
        Bucket=f"b-{served.store.account_id}",
        CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"},
    )
    return client


@pytest.fixture
def bucket(served: Served, s3: Any) -> str:
    del s3
    return f"b-{served.store.account_id}"


def files(folder: Path) -> list[Path]:
    """Those that are left once every record is saved."""
    bulk.settled(bulk.mark(), ["s3"])
    return sorted(folder.glob("*/*"))


def _get(served: Served, bucket: str, key: str) -> Any:
    return served.store.backend("s3").get_object(bucket, key)


def body(s3: Any, bucket: str, key: str, **more: Any) -> bytes:
    found: bytes = s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()
    return found


def test_a_body_is_a_file_and_goes_with_its_object(s3: Any, bucket: str, folder: Path) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"first")
    (file,) = files(folder)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"first", 0o600)
    assert body(s3, bucket, "a") == b"first"
    s3.put_object(Bucket=bucket, Key="a", Body=b"second")
    assert file.exists()  # the record that names it may be what is saved
    assert [one.read_bytes() for one in files(folder)] == [b"second"]
    s3.delete_object(Bucket=bucket, Key="a")
    assert files(folder) == []
    assert bulk.current().bodies.total == 0


def test_ranges_and_empty_objects(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    assert body(s3, bucket, "a", Range="bytes=2-4") == b"234"
    assert body(s3, bucket, "a", Range="bytes=-3") == b"789"
    assert body(s3, bucket, "a", Range="bytes=7-") == b"789"
    with pytest.raises(ClientError, match="InvalidRange"):
        body(s3, bucket, "a", Range="bytes=10-")
    s3.put_object(Bucket=bucket, Key="none", Body=b"")
    assert body(s3, bucket, "none") == b""
    head = s3.head_object(Bucket=bucket, Key="a")
    assert (head["ContentLength"], head["ETag"]) == (10, '"781e5e245d69b566979b86e28d23f2c7"')


def test_versions_have_bodies_of_their_own(s3: Any, bucket: str, folder: Path) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(Bucket=bucket, Key="a", Body=text)["VersionId"] for text in (b"1", b"2")
    ]
    s3.delete_object(Bucket=bucket, Key="a")
    listed = s3.list_object_versions(Bucket=bucket)
    assert [one["Size"] for one in listed["Versions"]] == [1, 1]
    assert [body(s3, bucket, "a", VersionId=one) for one in versions] == [b"1", b"2"]
    s3.delete_object(Bucket=bucket, Key="a", VersionId=versions[0])
    assert [one.read_bytes() for one in files(folder)] == [b"2"]


def test_a_copy_shares_the_body(s3: Any, bucket: str, folder: Path) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"shared", Metadata={"k": "v"})
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    assert len(files(folder)) == 1
    s3.delete_object(Bucket=bucket, Key="a")
    assert len(files(folder)) == 1
    assert body(s3, bucket, "b") == b"shared"
    assert s3.head_object(Bucket=bucket, Key="b")["Metadata"]
    s3.delete_object(Bucket=bucket, Key="b")
    assert files(folder) == []


def test_parts_become_one_body_where_they_are(s3: Any, bucket: str, folder: Path) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    ids = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    s3.upload_part(**ids, PartNumber=1, Body=b"overwritten")
    parts = [s3.upload_part(**ids, PartNumber=1, Body=b"x" * 5 * MIB)["ETag"]]
    parts += [s3.upload_part(**ids, PartNumber=2, Body=b"y" * 5 * MIB)["ETag"]]
    source = f"{bucket}/source"
    copied = s3.upload_part_copy(
        **ids, PartNumber=3, CopySource=source, CopySourceRange="bytes=2-4"
    )
    parts += [copied["CopyPartResult"]["ETag"]]
    named = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(parts, 1)]
    answer = s3.complete_multipart_upload(**ids, MultipartUpload={"Parts": named})
    assert answer["ETag"].endswith('-3"')
    assert len(files(folder)) == 4
    whole = body(s3, bucket, "big")
    assert whole == b"x" * 5 * MIB + b"y" * 5 * MIB + b"234"
    edge = f"bytes={5 * MIB - 1}-{5 * MIB}"
    assert body(s3, bucket, "big", Range=edge) == b"xy"
    assert body(s3, bucket, "big", Range="bytes=-4") == b"y234"
    s3.delete_object(Bucket=bucket, Key="big")
    assert len(files(folder)) == 1


def test_a_large_object_is_read_while_it_is_sent(s3: Any, bucket: str, folder: Path) -> None:
    large = bytes(range(256)) * 40_000
    s3.put_object(Bucket=bucket, Key="large", Body=large)
    assert body(s3, bucket, "large") == large
    assert body(s3, bucket, "large", Range="bytes=5-5000004") == large[5:5_000_005]
    answer = s3.get_object(Bucket=bucket, Key="large")
    begun = answer["Body"].read(1000)
    s3.delete_object(Bucket=bucket, Key="large")
    files(folder)
    assert begun + answer["Body"].read() == large
    assert files(folder) == []


def test_an_upload_that_is_given_up_leaves_nothing(s3: Any, bucket: str, folder: Path) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"part")
    s3.abort_multipart_upload(Bucket=bucket, Key="big", UploadId=upload)
    assert files(folder) == []


def test_a_lock_of_terraforms_is_written_once(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="lock", Body=b"mine", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="lock", Body=b"yours", IfNoneMatch="*")
    assert body(s3, bucket, "lock") == b"mine"


def test_a_record_is_small_and_finds_its_body_again(
    served: Served, s3: Any, bucket: str, folder: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x" * MIB)
    with served.store.locked():
        held = served.store.backend("s3").buckets[bucket].keys
        saved = pickling.dumps(held)
        assert len(saved) < 10_000
        restored = pickling.loads(saved)["a"]
        again = copy.deepcopy(held["a"])
    assert restored.value == again.value == b"x" * MIB
    s3.delete_object(Bucket=bucket, Key="a")
    del again
    assert restored.value == b"x" * MIB
    assert len(files(folder)) == 1
    restored.dispose()
    restored.dispose()
    assert files(folder) == []


def test_what_an_earlier_version_saved_is_taken_over(s3: Any, bucket: str, served: Served) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"any")
    with served.store.locked():
        state = served.store.backend("s3").buckets[bucket].keys["a"].__getstate__()
    old = {**state, "value": b"in the record", "disposed": False}
    del old["body"]
    restored: Any = object.__new__(Object)
    restored.__setstate__(old)
    assert (restored.value, restored.size) == (b"in the record", 13)


def test_what_no_record_names_goes_at_the_start(s3: Any, bucket: str, folder: Path) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"kept")
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / "abandoned").write_bytes(b"left by a kill")
    bulk.tidy_up(["logs"])
    assert len(files(folder)) == 2
    bulk.tidy_up(["s3"])
    assert [one.read_bytes() for one in files(folder)] == [b"kept"]


def test_a_disk_that_is_full_changes_nothing(
    served: Served, s3: Any, bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"before")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("drydock.region.api.bulk.bodies.os.fdopen", full)
    with served.store.locked():
        backend = served.store.backend("s3")
        with pytest.raises(StorageFailed, match="No space left"):
            backend.put_object(bucket, "a", b"after")
    assert body(s3, bucket, "a") == b"before"
    assert len(files(folder)) == 1


def test_bodies_are_bounded(served: Served, s3: Any, bucket: str, tmp_path: Path) -> None:
    del s3
    bulk.open_in(tmp_path / "small", bulk.Limits(objects=10))
    with served.store.locked():
        backend = served.store.backend("s3")
        backend.put_object(bucket, "a", b"12345")
        with pytest.raises(StorageFailed, match="object_bytes"):
            backend.put_object(bucket, "b", b"123456")
        assert backend.get_object(bucket, "b") is None
        backend.put_object(bucket, "b", b"12345")
        assert _get(served, bucket, "b").value == b"12345"


def test_a_body_that_is_missing_is_said(served: Served, s3: Any, bucket: str, folder: Path) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"here")
    (file,) = files(folder)
    file.write_bytes(b"sho")
    with pytest.raises(ClientError):
        body(s3, bucket, "a")
    file.unlink()
    with served.store.locked(), pytest.raises(StorageFailed, match=file.name):
        _ = _get(served, bucket, "a").value
