"""IAM: AWS's own managed policies, each from its first use on.

moto 5.2.5 knows none unless told to load all fourteen hundred, which costs a second and a megabyte of
saved state.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.iam import urls as their_urls
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.iam.models import IAMBackend as TheirBackend
from moto.iam.responses import IamResponse

from drydock.region.api.gaps import overlay

_OF_AWS = ":iam::aws:policy/"


class IamBackend(TheirBackend):
    """Users, roles and policies; AWS's own among them."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, IamResponse)

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        self._load(policy_arn)
        super().attach_role_policy(policy_arn, role_name)

    def attach_group_policy(self, policy_arn: str, group_name: str) -> None:
        self._load(policy_arn)
        super().attach_group_policy(policy_arn, group_name)

    def attach_user_policy(self, policy_arn: str, user_name: str) -> None:
        self._load(policy_arn)
        super().attach_user_policy(policy_arn, user_name)

    def get_policy(self, policy_arn: str) -> Any:
        self._load(policy_arn)
        return super().get_policy(policy_arn)

    def get_policy_version(self, policy_arn: str, version_id: str) -> Any:
        self._load(policy_arn)
        return super().get_policy_version(policy_arn, version_id)

    def list_policy_versions(self, policy_arn: str) -> Any:
        self._load(policy_arn)
        return super().list_policy_versions(policy_arn)

    def _load(self, arn: str) -> None:
        """Know a policy of AWS's from now on; nothing happens for any other ARN."""
        if _OF_AWS not in arn or arn in self.managed_policies:
            return
        name = arn.rsplit("/", maxsplit=1)[-1]
        data = _published().get(name)
        if data is None:
            return
        policy = AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
        if policy.arn == arn:
            self.aws_managed_policies.append(policy)
            self.managed_policies[arn] = policy


@lru_cache(maxsize=1)
def _published() -> dict[str, dict[str, Any]]:
    """AWS's policies by name, as moto has collected them."""
    policies: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return policies


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(iam_backends, IamBackend)
