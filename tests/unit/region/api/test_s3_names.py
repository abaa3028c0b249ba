"""S3's keys and metadata come back as they were sent, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served, serving

BUCKET = "drydock-names"
KEYS = (
    "a/b",
    "a%2Fb",
    "a%252Fb",
    "100%",
    "100%25",
    "x",
    "x?y",
    "x?y=z&a",
    "a//b",
    "/a",
    "a/",
    "a/../b",
    "..",
    "./c",
    "plus+minus",
    "blank blank",
    "plus%2B",
    "käse/☃",
    "semi;colon,comma:colon",
    "hash#tag",
    "back\\slash",
    "~tilde!'()*",
    "&amp;<x>",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("names") / "region.log") as one:
        where = {"LocationConstraint": "ap-southeast-2"}
        one.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        yield one


@pytest.fixture
def s3(served: Served) -> Iterator[Any]:
    """A client, of a bucket that is empty before and after."""
    client = served.client("s3")
    yield client
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])


def test_each_key_is_an_object_of_its_own(s3: Any) -> None:
    for key in KEYS:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    for key in KEYS:
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == key.encode()
        assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == len(key.encode())
    listed = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert sorted(listed) == sorted(KEYS)
    listed = [one["Key"] for one in s3.list_objects(Bucket=BUCKET)["Contents"]]
    assert sorted(listed) == sorted(KEYS)
    for key in KEYS:
        s3.delete_object(Bucket=BUCKET, Key=key)
        with pytest.raises(ClientError):
            s3.head_object(Bucket=BUCKET, Key=key)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


@pytest.mark.parametrize("key", KEYS)
def test_copies_parts_and_deletes_of_several_keep_the_key(s3: Any, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"one")
    s3.copy_object(Bucket=BUCKET, Key=f"copy/{key}", CopySource={"Bucket": BUCKET, "Key": key})
    assert s3.get_object(Bucket=BUCKET, Key=f"copy/{key}")["Body"].read() == b"one"
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"two")
    s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"two"
    s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] == [{"Key": "a", "Value": "b"}]
    both = [{"Key": key}, {"Key": f"copy/{key}"}]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": both})
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_metadata_keep_their_names(s3: Any) -> None:
    given = {"lower": "1", "with-dash": "2", "with_underscore": "3", "Upper": "4", "n": " 5 "}
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"", Metadata=given)
    found = s3.head_object(Bucket=BUCKET, Key="k")["Metadata"]
    assert found == {key.lower(): value.strip() for key, value in given.items()}
    assert s3.get_object(Bucket=BUCKET, Key="k")["Metadata"] == found
    s3.copy_object(Bucket=BUCKET, Key="c", CopySource=f"{BUCKET}/k")
    assert s3.head_object(Bucket=BUCKET, Key="c")["Metadata"] == found


def test_a_header_with_an_underscore_stands_in_for_no_other(served: Served, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"mine")
    address = served.url.removeprefix("http://")
    connection = HTTPConnection(address, timeout=10)
    connection.request("PUT", f"/{BUCKET}/other", b"", {"x_amz_copy_source": f"{BUCKET}/k"})
    connection.getresponse().read()
    connection.close()
    assert s3.get_object(Bucket=BUCKET, Key="other")["Body"].read() == b""
