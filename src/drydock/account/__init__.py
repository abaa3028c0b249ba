"""`[account]` of `drydock.toml`: what stands in the AWS account before the stack, with its very ids.

Settings only: the models, their formats and how the file is read. The region makes the stand-ins.
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
