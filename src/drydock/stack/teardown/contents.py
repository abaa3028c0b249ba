"""Empty what AWS deletes only when empty: versioned buckets, repositories with images.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-delete.html
"""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.errors import OpsError

NOT_EMPTY = re.compile(r"BucketNotEmpty|RepositoryNotEmptyException")
"""Terraform's error for a bucket or repository that filled again: logs arrive minutes late."""
_IMAGES_AT_ONCE = 100
_IN_A_LIST = "ImageReferencedByManifestList"


def client(clients: Clients, service: str) -> Any:
    """Return a client of a service that `Clients` has no property for."""
    with translated(clients.endpoint):
        return clients.session.client(
            service,  # type: ignore[call-overload]
            endpoint_url=clients.endpoint,
            config=clients.config,
        )


def empty_bucket(clients: Clients, name: str) -> int:
    """Delete every version and delete marker; return their number, 0 also if the bucket is gone.

    Raises OpsError: some could not be deleted (an object lock, a policy).
    """
    with translated(clients.endpoint):
        try:
            return _delete_versions(client(clients, "s3"), name)
        except ClientError as error:
            if code(error) != "NoSuchBucket":
                raise
            return 0


def empty_repository(clients: Clients, name: str) -> int:
    """Delete every image; return their number, 0 also if the repository is gone. Raises OpsError."""
    with translated(clients.endpoint):
        try:
            return _delete_images(client(clients, "ecr"), name)
        except ClientError as error:
            if code(error) != "RepositoryNotFoundException":
                raise
            return 0


def _delete_versions(s3: Any, name: str) -> int:
    deleted = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if not found:
            continue
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        told = s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
        if refused := told.get("Errors"):
            raise OpsError(
                f"bucket {name} cannot be emptied",
                f"{refused[0]['Key']}: {refused[0].get('Message') or refused[0]['Code']}"
                f" ({len(refused)} of {len(keys)} objects)",
                "wait until their lock ends, or let the bucket's policy allow it",
            )
        deleted += len(keys)
    return deleted


def _delete_images(ecr: Any, name: str) -> int:
    pages = ecr.get_paginator("list_images").paginate(repositoryName=name)
    left = sorted({one["imageDigest"] for page in pages for one in page["imageIds"]})
    count = len(left)
    while left:
        refused = [
            failure
            for start in range(0, len(left), _IMAGES_AT_ONCE)
            for failure in _delete_some(ecr, name, left[start : start + _IMAGES_AT_ONCE])
        ]
        # An image that a list of images refers to can go once the list is gone.
        held = sorted(
            one["imageId"]["imageDigest"] for one in refused if one["failureCode"] == _IN_A_LIST
        )
        if len(held) < len(refused) or len(held) == len(left):
            raise OpsError(
                f"repository {name} cannot be emptied",
                str(refused[0].get("failureReason") or refused[0]["failureCode"]),
                "look at it: aws ecr describe-images",
            )
        left = held
    return count


def _delete_some(ecr: Any, name: str, digests: list[str]) -> list[Any]:
    ids = [{"imageDigest": one} for one in digests]
    refused: list[Any] = ecr.batch_delete_image(repositoryName=name, imageIds=ids)["failures"]
    return refused
