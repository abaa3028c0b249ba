"""Check that the certificates which a plan names by ARN exist in the local region.

Terraform notices only when it creates the listener, and then retries for five minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from drydock.aws import clients
from drydock.aws.failures import code, translated
from drydock.aws.target import Target
from drydock.stack.missing import Missing


def named(planned: Mapping[str, Any], region: str) -> list[str]:
    """Return the ARNs of ACM certificates in `region` that created or updated resources use. Pure."""
    like = re.compile(rf"arn:aws[a-z-]*:acm:{region}:\d{{12}}:certificate/\S+")
    changes = [one["change"] for one in planned.get("resource_changes", ())]
    texts = (
        text
        for change in changes
        if {"create", "update"} & set(change["actions"])
        for text in _texts(change.get("after"))
    )
    return list(dict.fromkeys(text for text in texts if like.fullmatch(text)))


def absent(planned: Mapping[str, Any], target: Target) -> list[Missing]:
    """Return the planned certificates that the local region does not have.

    Raises OpsError: the region does not answer.
    """
    arns = named(planned, target.region)
    if not arns:
        return []
    api = clients.local(target.endpoint, target.region, target.root)
    with translated(api.endpoint):
        acm = api.session.client("acm", endpoint_url=api.endpoint, config=api.config)
        return [Missing("certificate", arn) for arn in arns if not _is_there(acm, arn)]


def _is_there(acm: Any, arn: str) -> bool:
    try:
        acm.describe_certificate(CertificateArn=arn)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        return False
    return True


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
