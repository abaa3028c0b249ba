"""The S3 backend: bodies in files, and bucket policies without the parts that moto cannot evaluate.

A record names its body's files (`s3_objects`); a body is on disk before an answer confirms it.

moto 5.2.5 evaluates bucket policies without their conditions and their principals: a policy that
denies everything to clients without TLS (`aws:SecureTransport`), which every careful bucket has,
denies all access. Where IAM is enforced, `api/access` evaluates the whole policy; this applies
elsewhere.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import urls as their_urls
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart, S3Backend

from drydock.region.api import bulk, changes
from drydock.region.services.s3.operations.buckets import BucketResponses
from drydock.region.services.s3.operations.encryption import EncryptionResponses
from drydock.region.services.s3.operations.objects import Answered, Object, Shared, Source, Upload


class Bucket(FakeBucket):
    """moto's bucket; of its policy only statements without a condition count."""

    def get_permission(self, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        statements = policy.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        plain = [one for one in statements if not one.get("Condition")]
        if not plain:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({**policy, "Statement": plain})).is_action_permitted(
            action, resource
        )


class Backend(S3Backend):
    """The S3 backend of the API: such buckets, and objects whose bodies are files."""

    @property
    def _url_module(self) -> Any:
        ours = {
            path: getattr(Responses, handler.__name__)
            for path, handler in their_urls.url_paths.items()
        }
        return SimpleNamespace(url_bases=their_urls.url_bases, url_paths=ours)

    def create_bucket(self, *args: Any, **kwargs: Any) -> FakeBucket:
        bucket = super().create_bucket(*args, **kwargs)
        # moto has no other way to set the class of its buckets.
        bucket.__class__ = Bucket  # type: ignore[type-abstract]
        return bucket

    def put_object(self, *args: Any, **kwargs: Any) -> FakeKey:
        """PutObject, also called for other services, whose requests change S3 then.

        Raises StorageFailed.
        """
        changes.touch("s3")
        return super().put_object(*args, **kwargs)

    def copy_object(self, src_key: FakeKey, *args: Any, **kwargs: Any) -> None:
        """CopyObject: the copy shares the source's files."""
        source = Source.of(src_key) if isinstance(src_key, Object) else src_key
        super().copy_object(source, *args, **kwargs)

    def create_multipart_upload(self, *args: Any, **kwargs: Any) -> FakeMultipart:
        return Upload.take_over(super().create_multipart_upload(*args, **kwargs))

    def complete_multipart_upload(
        self, bucket_name: str, multipart_id: str, body: Any
    ) -> FakeKey | None:
        """CompleteMultipartUpload, also of an upload begun in an earlier version of the region."""
        upload = self.get_bucket(bucket_name).multiparts.get(multipart_id)
        if upload is not None:
            Upload.take_over(upload)
        return super().complete_multipart_upload(bucket_name, multipart_id, body)

    def upload_part_copy(
        self,
        dest_bucket_name: str,
        multipart_id: str,
        part_id: int,
        src_bucket_name: str,
        src_key_name: str,
        src_version_id: str | None,
        start_byte: int | None,
        end_byte: int | None,
    ) -> FakeKey:
        """UploadPartCopy: share the source's files when all of it is copied, else write a new file."""
        upload = self.get_bucket(dest_bucket_name).multiparts[multipart_id]
        source: Any = self.get_object(src_bucket_name, src_key_name, version_id=src_version_id)
        if start_byte is None or end_byte is None:
            return upload.set_part(part_id, Shared(source.body))  # type: ignore[arg-type]
        bodies = bulk.current().bodies
        length = min(end_byte + 1, source.size) - start_byte
        part = b"".join(bodies.pieces(source.body, start_byte, max(0, length)))
        return upload.set_part(part_id, part)


class Responses(BucketResponses, EncryptionResponses):
    """The S3 operations on our backend; an object is read while it is sent."""

    def get_object(self) -> Any:
        self._sends = True
        try:
            return super().get_object()
        finally:
            self._sends = False

    def _get_key(self, validate_storage_class: bool = True) -> tuple[FakeKey, bool]:
        key, not_modified = super()._get_key(validate_storage_class)
        if getattr(self, "_sends", False) and isinstance(key, Object):
            return Answered.of(key), not_modified
        return key, not_modified
