"""IAM: AWS's managed policies, loaded on first use, and permissions boundaries of users.

moto 5.2.5 has none unless all fourteen hundred are loaded, which costs a second and a megabyte of
saved state. It forgets a user's boundary and lacks PutUserPermissionsBoundary.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy
from moto.iam.models import IAMBackend as TheirBackend
from moto.iam.responses import IamResponse as TheirResponse

_OF_AWS = ":iam::aws:policy/"


class IamResponse(TheirResponse):
    """The operations on users' permissions boundaries."""

    def create_user(self) -> ActionResult:
        arn = self._get_param("PermissionsBoundary")
        if arn:
            self.backend.get_policy(arn)  # refuses one that is not there, before a user is made
        answer = super().create_user()
        _set_boundary(self.backend.get_user(self._get_param("UserName")), arn)
        return answer

    def put_user_permissions_boundary(self) -> ActionResult:
        arn = self._get_param("PermissionsBoundary")
        user = self.backend.get_user(self._get_param("UserName"))
        self.backend.get_policy(arn)
        _set_boundary(user, arn)
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        _set_boundary(self.backend.get_user(self._get_param("UserName")), None)
        return EmptyResult()


def _set_boundary(user: Any, arn: str | None) -> None:
    """Set a user's boundary in the attributes where a role has it too."""
    user.permissions_boundary_arn = arn or None
    user.permissions_boundary = arn and {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": arn,
    }


class IamBackend(TheirBackend):
    """Users, roles and policies, including AWS's own."""

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
        """Load a policy of AWS's; do nothing for any other ARN."""
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
    """Return AWS's policies by name, as moto has collected them."""
    policies: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return policies
