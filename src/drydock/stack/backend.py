"""Choose where a stack's state is kept, for each kind of backend block and each target.

| the stack's block | local region | AWS |
| --- | --- | --- |
| `s3`, whatever it sets | a bucket of the region, made when missing | as the block says; what it leaves out comes from TF_STATE_BUCKET and the target |
| none, or `local` | a file under `.drydock/`, one per region | Terraform's own way |
| another | refused: Terraform has no way to point it elsewhere | Terraform's own way |
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from drydock.aws import clients
from drydock.aws.failures import code, translated
from drydock.aws.target import Target
from drydock.errors import StackError, UsageError
from drydock.stack.source import StackSource
from drydock.stack.state_lock import Holder, holder_of

BUCKET_VARIABLE = "TF_STATE_BUCKET"
KEY = "terraform.tfstate"


def bucket_name(target: Target, environ: Mapping[str, str], slug: str) -> str:
    """Return the state bucket that the user names; locally else one derived from the stack; else ""."""
    return environ.get(BUCKET_VARIABLE) or (f"drydock-state-{slug}" if target.is_local else "")


def init_arguments(source: StackSource, target: Target, bucket: str) -> list[str]:
    """Return the arguments of `terraform init` that configure where the state is stored. Pure.

    Raises UsageError: the backend cannot be pointed at a local region, or no bucket is set for AWS.
    """
    # Locally TF_DATA_DIR may remember the bucket of a region that is gone.
    again = ["-reconfigure"] if target.is_local else []
    if source.backend in ("", "local"):
        return again
    if source.backend != "s3":
        if not target.is_local:
            return []
        raise UsageError(
            f'a stack with the backend "{source.backend}" cannot be rehearsed',
            "a local region keeps state in S3 only, and Terraform cannot be told to use another"
            " backend than the one that the stack names",
            'give the stack `backend "s3" {}`, or no backend block',
        )
    settings = _local(source, target, bucket) if target.is_local else _aws(source, target, bucket)
    return [*(f"-backend-config={key}={value}" for key, value in settings.items()), *again]


def _local(source: StackSource, target: Target, bucket: str) -> dict[str, str]:
    """Override every setting that names something in the user's AWS account; keep the state's key."""
    settings = {
        "bucket": bucket,
        "region": target.region,
        "use_lockfile": "true",
        # Terraform's own 5 take a minute before a state that cannot be saved is written to a file.
        "max_retries": "2",
    }
    if "key" not in source.backend_arguments:
        settings["key"] = KEY
    if "dynamodb_table" in source.backend_arguments:
        settings["dynamodb_table"] = ""
    return settings


def _aws(source: StackSource, target: Target, bucket: str) -> dict[str, str]:
    said = source.backend_arguments
    if not bucket and "bucket" not in said:
        raise UsageError(
            "nothing says which bucket keeps the state",
            f"{BUCKET_VARIABLE} is not set and the stack's backend block names none",
            f"set {BUCKET_VARIABLE} to a bucket of the account {target.account}",
        )
    settings = {"bucket": bucket} if bucket else {}
    if "key" not in said:
        settings["key"] = KEY
    if "region" not in said:
        settings["region"] = target.region
    if not said & {"use_lockfile", "dynamodb_table"}:
        settings["use_lockfile"] = "true"
    return settings


def state_arguments(source: StackSource, target: Target, state: Path) -> list[str]:
    """Return the arguments that commands other than `init` need to find the state. Pure.

    Only `-state` moves the state of a stack without a backend out of its folder.
    """
    return [f"-state={state}"] if target.is_local and source.backend in ("", "local") else []


def read_lock(target: Target, bucket: str, key: str) -> Holder | None:
    """Return the holder of the lock stored as object `key`, or None if there is none. Raises OpsError."""
    api = (
        clients.local(target.endpoint, target.region, target.root)
        if target.is_local
        else clients.aws(target.region)
    )
    with translated(api.endpoint):
        s3 = api.session.client("s3", endpoint_url=api.endpoint, config=api.config)
        try:
            return holder_of(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            if code(error) not in {"NoSuchKey", "NoSuchBucket"}:
                raise
            return None


def make_bucket(target: Target, bucket: str) -> bool:
    """Create the local region's state bucket, versioned and private; return False if it exists.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    Raises StackError: the region does not answer, or refuses.
    """
    region = clients.local(target.endpoint, target.region, target.root)
    s3 = region.session.client("s3", endpoint_url=region.endpoint, config=region.config)
    try:
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
        else:
            return False
        if target.region == "us-east-1":
            # The one region that must not be named.
            s3.create_bucket(Bucket=bucket)
        else:
            where = {"LocationConstraint": target.region}
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)  # type: ignore[arg-type]
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
    except (BotoCoreError, ClientError) as error:
        raise StackError(
            f"the state bucket {bucket} cannot be made in the local region",
            str(error),
            "look at `drydock status`; is the region running?",
        ) from error
    return True
