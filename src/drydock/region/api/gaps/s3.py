"""S3: a bucket's policy without what moto cannot judge.

moto 5.2.5 judges bucket policies without their conditions and their principals: a policy that denies
everything to clients without TLS (`aws:SecureTransport`), which every careful bucket has, locks out
everybody. Where IAM is enforced, `api/access` judges the whole policy; this is about the rest.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import urls as their_urls
from moto.s3.models import FakeBucket, S3Backend, s3_backends

from drydock.region.api.gaps import overlay


class Bucket(FakeBucket):
    """A bucket of moto's; of its policy only statements without a condition count."""

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
    """Makes such buckets."""

    _url_module = their_urls

    def create_bucket(self, *args: Any, **kwargs: Any) -> FakeBucket:
        bucket = super().create_bucket(*args, **kwargs)
        # moto has no other way to say which class its buckets are of.
        bucket.__class__ = Bucket  # type: ignore[type-abstract]
        return bucket


def install() -> None:
    """Idempotent."""
    overlay.replace(s3_backends, Backend)
