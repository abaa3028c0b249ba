"""The bucket of Terraform's state: versioned, encrypted, private, TLS only; old versions expire.

https://developer.hashicorp.com/terraform/language/backend/s3
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.errors import OpsError
from drydock.ops.bootstrap.policies import VERSION

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEPT_DAYS = 90
"""Days for which a replaced version of the state is kept."""
_PRIVATE: Any = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def default_name(account: str, region: str, prefix: str) -> str:
    """Return a bucket name with account and region: bucket names are unique across all of AWS."""
    return f"{prefix}-terraform-state-{account}-{region}"


def policy(partition: str, name: str) -> dict[str, Any]:
    """Return the bucket policy that denies requests without TLS. Pure."""
    arn = f"arn:{partition}:s3:::{name}"
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def lifecycle() -> Any:
    """Return rules that expire replaced versions and unfinished uploads. Pure."""
    return {
        "Rules": [
            {
                "ID": "old-versions",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            }
        ]
    }


def ensure(clients: Clients, name: str, *, account: str, partition: str) -> bool:
    """Create the bucket, or update the settings of this account's; return whether it was created.

    Raises OpsError: AWS refuses, or the name belongs to another account.
    """
    with translated(clients.endpoint):
        made = not _exists(clients, name, account)
        s3 = clients.s3
        if made:
            _create(s3, name, clients.region)
            s3.get_waiter("bucket_exists").wait(Bucket=name, ExpectedBucketOwner=account)
        ours: Any = {"Bucket": name, "ExpectedBucketOwner": account}
        s3.put_public_access_block(**ours, PublicAccessBlockConfiguration=_PRIVATE)
        s3.put_bucket_versioning(**ours, VersioningConfiguration={"Status": "Enabled"})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        encryption: Any = {"Rules": [{**rule, "BucketKeyEnabled": True}]}
        s3.put_bucket_encryption(**ours, ServerSideEncryptionConfiguration=encryption)
        s3.put_bucket_policy(**ours, Policy=json.dumps(policy(partition, name)))
        s3.put_bucket_lifecycle_configuration(**ours, LifecycleConfiguration=lifecycle())
    return made


def _exists(clients: Clients, name: str, account: str) -> bool:
    try:
        clients.s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if code(error) in {"404", "NoSuchBucket"}:
            return False
        if code(error) in {"403", "301"}:
            raise OpsError(
                f"the bucket {name}",
                "it belongs to another account, or lies in another region, or you may not look",
                "choose another name: --bucket NAME",
            ) from error
        raise
    return True


def _create(s3: S3Client, name: str, region: str) -> None:
    if region == "us-east-1":
        # The one region that must not be named.
        s3.create_bucket(Bucket=name)
    else:
        where: Any = {"LocationConstraint": region}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
