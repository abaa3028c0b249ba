"""Check that a load balancer may write its logs into a bucket, by the bucket policy.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html moto
5.2.5 accepts any name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from drydock.region.services.elbv2.operations.problems import misconfigured

_SERVICES = ("logdelivery.elasticloadbalancing.amazonaws.com", "delivery.logs.amazonaws.com")
_ACCOUNTS = {
    "af-south-1": "098369216593",
    "ap-east-1": "754344448648",
    "ap-northeast-1": "582318560864",
    "ap-northeast-2": "600734575887",
    "ap-northeast-3": "383597477331",
    "ap-south-1": "718504428378",
    "ap-southeast-1": "114774131450",
    "ap-southeast-2": "783225319266",
    "ap-southeast-3": "589379963580",
    "ca-central-1": "985666609251",
    "eu-central-1": "054676820928",
    "eu-north-1": "897822967062",
    "eu-south-1": "635631232127",
    "eu-west-1": "156460612806",
    "eu-west-2": "652711504416",
    "eu-west-3": "009996457667",
    "me-south-1": "076674570225",
    "sa-east-1": "507241528517",
    "us-east-1": "127311923021",
    "us-east-2": "033677994240",
    "us-west-1": "027434742980",
    "us-west-2": "797873946194",
}
"""ELB's own accounts, which older bucket policies name (same page)."""


def check(backend: Any, balancer_arn: str, bucket_name: str, prefix: str) -> None:
    """Raise ELBClientError unless this load balancer may put logs below `prefix`."""
    from moto.s3.models import s3_backends  # noqa: PLC0415  (moto, slow)

    bucket = s3_backends[backend.account_id][backend.partition].buckets.get(bucket_name)
    denied = misconfigured(
        f"Access Denied for bucket: {bucket_name}. Please check S3bucket permission"
    )
    if bucket is None or _by_kms(bucket.encryption):
        raise denied
    if bucket.region_name != backend.region_name:
        raise misconfigured(
            f"S3Bucket: {bucket_name} is not located in the same region as the load balancer"
        )
    folder = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    file = f"{folder}AWSLogs/{backend.account_id}/ELBAccessLogTestFile"
    context = {
        "aws:SourceAccount": backend.account_id,
        "aws:SourceArn": balancer_arn,
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    account = _ACCOUNTS.get(backend.region_name)
    if not may_put(bucket.policy, f"arn:aws:s3:::{bucket_name}/{file}", account, context):
        raise denied


def may_put(
    policy: bytes | str | None, resource: str, account: str | None, context: Mapping[str, str]
) -> bool:
    """Return whether a bucket policy lets ELB put the object `resource`.

    Conditions on keys that are not in `context` count as met in an Allow, as not met in a Deny.
    """
    allowed = False
    for statement in _list(json.loads(policy).get("Statement") if policy else None):
        denies = statement.get("Effect") == "Deny"
        if (
            _names(statement.get("Principal"), account)
            and _matches(statement.get("Action"), "s3:PutObject", fold=True)
            and _matches(statement.get("Resource"), resource)
            and _met(statement.get("Condition") or {}, context, unknown=not denies)
        ):
            if denies:
                return False
            allowed = True
    return allowed


def _by_kms(encryption: Any) -> bool:
    """Return whether a bucket uses KMS keys; load balancers write only with S3's own keys."""
    return "aws:kms" in json.dumps(encryption) if encryption else False


def _names(principal: Any, account: str | None) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    who = _list(principal.get("AWS"))
    ours = {"*", account, f"arn:aws:iam::{account}:root"}
    return any(one in ours for one in who) or any(
        one in _SERVICES for one in _list(principal.get("Service"))
    )


def _matches(patterns: Any, text: str, *, fold: bool = False) -> bool:
    wanted = text.lower() if fold else text
    return any(
        fnmatchcase(wanted, (one.lower() if fold else one).replace("[", "[[]"))
        for one in _list(patterns)
    )


def _met(conditions: Mapping[str, Any], context: Mapping[str, str], *, unknown: bool) -> bool:
    known = {key.lower(): value for key, value in context.items()}
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            value = known.get(key.lower())
            if value is None:
                if not unknown:
                    return False
            elif _matches(wanted, value) == ("Not" in operator):
                return False
    return True


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
