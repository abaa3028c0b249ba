"""The target of a stack, local region or AWS, and the environment that points Terraform at it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from drydock.errors import CredentialsMissing
from drydock.keys import OPEN, AccessKey

DEFAULT_REGION = "ap-southeast-2"
VARIABLE_PREFIX = "TF_VAR_"
"""A variable of the environment with this prefix and no value counts as not set."""
_KEPT_LOCALLY = frozenset({"AWS_CA_BUNDLE"})


@dataclass(frozen=True)
class Target:
    """A place to apply a stack to. Create one with `local` or `aws`."""

    kind: Literal["local", "aws"]
    region: str
    account: str
    endpoint: str = ""
    """URL of the local region's API. For AWS it is empty, unless AWS_ENDPOINT_URL is set."""
    region_id: str = ""
    """Id of the local region; a region that was deleted and created again has another one."""
    access_key: str = OPEN.id
    """Like the next two, used locally only; on AWS the SDK's own chain finds credentials."""
    secret_key: str = field(default=OPEN.secret, repr=False)
    session_token: str = field(default="", repr=False)
    root: AccessKey = OPEN
    """The local region's root key, even if the target acts as another identity."""
    arn: str = ""
    """ARN of the caller on AWS, from STS."""
    profile: str = ""

    @classmethod
    def local(
        cls,
        endpoint: str,
        *,
        region: str = DEFAULT_REGION,
        account: str = "123456789012",
        region_id: str = "",
        key: AccessKey = OPEN,
    ) -> Target:
        """Return the local region whose API answers at `endpoint`, a URL with an IP address as its host.

        (With an IP address S3 requests are path-style; with a name they go to BUCKET.NAME.) `key` is the
        region's root key.
        """
        return cls("local", region, account, endpoint, region_id, key.id, key.secret, root=key)

    @classmethod
    def aws(cls) -> Target:
        """Return AWS as the SDK's own chain of credentials finds it; asks STS for the account.

        Raises CredentialsMissing: no credentials, or AWS does not accept them.
        """
        try:
            session = boto3.Session()
            region = os.environ.get("AWS_REGION") or session.region_name or DEFAULT_REGION
            told = session.client("sts", region_name=region).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise CredentialsMissing(
                "AWS does not know who is asking",
                str(error),
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or sign in with `aws sso login`",
            ) from error
        return cls(
            "aws",
            region,
            told["Account"],
            endpoint=os.environ.get("AWS_ENDPOINT_URL", ""),
            arn=told["Arn"],
            profile=os.environ.get("AWS_PROFILE", ""),
        )

    def acting_as(self, access_key: str, secret_key: str, session_token: str = "") -> Target:
        """Return the same local region with another user's or role's credentials, for enforced IAM."""
        return replace(
            self, access_key=access_key, secret_key=secret_key, session_token=session_token
        )

    @property
    def is_local(self) -> bool:
        return self.kind == "local"

    def describe(self) -> str:
        """Return a line for the user, before anything is changed: place, account and region."""
        if self.is_local:
            return f"LOCAL region {self.region} (account {self.account}) at {self.endpoint}"
        profile = f", profile {self.profile}" if self.profile else ""
        where = f" at {self.endpoint} (AWS_ENDPOINT_URL)" if self.endpoint else ""
        return f"AWS account {self.account}, region {self.region}{profile}{where}, as {self.arn}"

    @property
    def identity(self) -> dict[str, str]:
        """What a saved plan is bound to.

        It has no local endpoint: a region that starts again on another port is the same.
        """
        return {
            "kind": self.kind,
            "account": self.account,
            "region": self.region,
            "region_id": self.region_id,
            "endpoint": "" if self.is_local else self.endpoint,
        }

    @property
    def label(self) -> str:
        """Name of the folder that keeps this target's files apart from other targets'."""
        return "local" if self.is_local else f"aws-{self.account}-{self.region}"


def environment(
    target: Target,
    base: Mapping[str, str],
    *,
    data_dir: Path,
    cli_config: Path | None,
    aws_files: Path,
) -> dict[str, str]:
    """Return the environment that Terraform runs in. Pure.

    For AWS it is the caller's own, with Terraform's folder and CLI configuration set. For a local
    region every AWS setting of the caller is left out, so that nothing can lead to AWS: not a
    profile, not a session token, not an endpoint of a single service.

    `aws_files` is the folder of Drydock's own AWS `config` and `credentials`.
    """
    own = {"TF_DATA_DIR": str(data_dir), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    # A pipeline passes an empty string for a variable that is not set; Terraform takes that for a value,
    # and refuses it where the variable is a number, a bool or an object.
    base = {
        key: value for key, value in base.items() if value or not key.startswith(VARIABLE_PREFIX)
    }
    if cli_config is not None:
        own["TF_CLI_CONFIG_FILE"] = str(cli_config)
    if not target.is_local:
        # A session's region may come from a profile; without one the target's region is used.
        return {**base, "AWS_REGION": base.get("AWS_REGION") or target.region, **own}
    kept = {
        key: value
        for key, value in base.items()
        if not key.startswith("AWS_") or key in _KEPT_LOCALLY
    }
    return {
        **kept,
        **own,
        "CHECKPOINT_DISABLE": "1",
        "AWS_ENDPOINT_URL": target.endpoint,
        "AWS_ACCESS_KEY_ID": target.access_key,
        "AWS_SECRET_ACCESS_KEY": target.secret_key,
        **({"AWS_SESSION_TOKEN": target.session_token} if target.session_token else {}),
        "AWS_REGION": target.region,
        "AWS_DEFAULT_REGION": target.region,
        "AWS_CONFIG_FILE": str(aws_files / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(aws_files / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        # The provider tries 25 times, for minutes; what fails here fails the second time too.
        "AWS_MAX_ATTEMPTS": "2",
        "NO_PROXY": _no_proxy(base),
        "no_proxy": _no_proxy(base),
    }


def aws_files(target: Target, profiles: frozenset[str]) -> dict[str, str]:
    """Return the texts of the local `config` and `credentials`, with each profile the stack names. Pure."""
    names = ["default", *sorted(profiles - {"default"})]
    config = "".join(
        f"[{name if name == 'default' else f'profile {name}'}]\nregion = {target.region}\n"
        for name in names
    )
    token = f"aws_session_token = {target.session_token}\n" if target.session_token else ""
    credentials = "".join(
        f"[{name}]\naws_access_key_id = {target.access_key}\n"
        f"aws_secret_access_key = {target.secret_key}\n{token}"
        for name in names
    )
    return {"config": config, "credentials": credentials}


def _no_proxy(base: Mapping[str, str]) -> str:
    said = base.get("NO_PROXY") or base.get("no_proxy") or ""
    return ",".join([*(part for part in said.split(",") if part), "127.0.0.1", "localhost"])
