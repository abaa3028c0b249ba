"""Clients of the AWS API for one target: the local region, or AWS as the environment describes it.

The local ones ignore the user's AWS set-up (profile, config files, proxies), so that a rehearsal
can never reach AWS, and a broken profile can never break a rehearsal.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config as BotoConfig

from drydock.aws.failures import translated
from drydock.errors import CredentialsMissing
from drydock.keys import OPEN, AccessKey

if TYPE_CHECKING:
    from types_boto3_application_autoscaling import ApplicationAutoScalingClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_ecs import ECSClient
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_iam import IAMClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_rds import RDSClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient

_IGNORED_LOCALLY = ("profile", "config_file", "credentials_file", "ca_bundle")
_IGNORED_FLAGS = ("use_fips_endpoint", "use_dualstack_endpoint")


@dataclass(frozen=True)
class Pace:
    """Seconds between two requests to a target, and how many its logs may lag behind its tasks."""

    every: float
    settle: float


LOCAL_PACE = Pace(every=0.1, settle=0.3)
AWS_PACE = Pace(every=2.0, settle=6.0)


@dataclass
class Clients:
    """Clients of one target, one per service, each created when it is first used."""

    session: boto3.Session
    endpoint: str | None = None
    """The API's URL; None for the SDK's own choice (AWS)."""
    pace: Pace = AWS_PACE
    config: BotoConfig = field(default_factory=BotoConfig)
    in_vain: Callable[..., str] = lambda *_names: ""
    """Returns why waiting for resources with these in their names is in vain; empty if unknown."""

    @property
    def is_local(self) -> bool:
        return self.endpoint is not None

    @property
    def region(self) -> str:
        return self.session.region_name or ""

    def _client(self, service: str) -> Any:
        with translated(self.endpoint):
            return self.session.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.endpoint,
                config=self.config,
            )

    @cached_property
    def ecs(self) -> ECSClient:
        client: ECSClient = self._client("ecs")
        return client

    @cached_property
    def ec2(self) -> EC2Client:
        client: EC2Client = self._client("ec2")
        return client

    @cached_property
    def elbv2(self) -> ElasticLoadBalancingv2Client:
        client: ElasticLoadBalancingv2Client = self._client("elbv2")
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        client: CloudWatchLogsClient = self._client("logs")
        return client

    @cached_property
    def rds(self) -> RDSClient:
        client: RDSClient = self._client("rds")
        return client

    @cached_property
    def iam(self) -> IAMClient:
        client: IAMClient = self._client("iam")
        return client

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    @cached_property
    def s3(self) -> S3Client:
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def scaling(self) -> ApplicationAutoScalingClient:
        client: ApplicationAutoScalingClient = self._client("application-autoscaling")
        return client

    @cached_property
    def events(self) -> Any:
        return self._client("events")

    @cached_property
    def states(self) -> Any:
        return self._client("stepfunctions")

    @cached_property
    def ecr(self) -> Any:
        return self._client("ecr")

    @cached_property
    def wafv2(self) -> Any:
        return self._client("wafv2")


def local(endpoint: str, region: str, key: AccessKey = OPEN) -> Clients:
    """Return clients of the local region at `endpoint`, with the root key `key`.

    They ignore the user's AWS set-up.
    """
    variables: dict[str, Any] = dict.fromkeys(_IGNORED_LOCALLY, (None, None, None, None))
    variables |= dict.fromkeys(_IGNORED_FLAGS, (None, None, False, None))
    core = botocore.session.Session(session_vars=variables)
    session = boto3.Session(
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        region_name=region,
        botocore_session=core,
    )
    config = BotoConfig(
        proxies={},
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": 2},
        parameter_validation=True,
    )
    return Clients(session, endpoint, LOCAL_PACE, config)


def aws(region: str = "") -> Clients:
    """Return clients as the environment and the user's AWS files describe them.

    `region` empty: the environment's, or the profile's. Raises CredentialsMissing: no credentials, no
    region, or a profile that does not exist.
    """
    with translated(None):
        # Terraform reads AWS_REGION; botocore alone would look at AWS_DEFAULT_REGION only.
        name = region or os.environ.get("AWS_REGION") or boto3.Session().region_name
        session = boto3.Session(region_name=name)
        # Asking for them now gives one clear error before anything is begun.
        credentials = session.get_credentials()
    if credentials is None:
        raise CredentialsMissing(
            "AWS", "no credentials were found", "set AWS_ACCESS_KEY_ID, or sign in: aws sso login"
        )
    if not name:
        raise CredentialsMissing("AWS", "no region is set", "export AWS_REGION=ap-southeast-2")
    config = BotoConfig(retries={"mode": "standard", "total_max_attempts": 6})
    return Clients(session, None, AWS_PACE, config)
