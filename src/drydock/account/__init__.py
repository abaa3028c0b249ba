"""`[account]` of `drydock.toml`: resources that exist in the AWS account before the stack, by their ids.

Settings only: the models, their formats and how the file is read. The region creates the stand-ins.
"""

from __future__ import annotations

from drydock.account.models import (
    Account,
    Bucket,
    Certificate,
    HostedZone,
    KmsKey,
    Parameter,
    Record,
    Repository,
    Secret,
    Subnet,
    Vpc,
)

__all__ = [
    "Account",
    "Bucket",
    "Certificate",
    "HostedZone",
    "KmsKey",
    "Parameter",
    "Record",
    "Repository",
    "Secret",
    "Subnet",
    "Vpc",
]
