"""STS: sessions keep their managed policies and tags, which moto 5.2.5 forgets.

moto names the holder of the region's own key "user/moto"; it is the account's root user.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sts.models import AssumedRole
from moto.sts.models import STSBackend as TheirBackend
from moto.sts.responses import TokenResponse


class StsResponse(TokenResponse):
    """AssumeRole and the related operations."""

    def assume_role(self) -> ActionResult:
        return self._keep(super().assume_role())

    def assume_role_with_web_identity(self) -> ActionResult:
        return self._keep(super().assume_role_with_web_identity())

    def _keep(self, answer: ActionResult) -> ActionResult:
        result: Any = answer.result
        session: Any = result["Credentials"]
        session.policy_arns = [str(one["arn"]) for one in self._get_param("PolicyArns") or ()]
        session.tags = {str(one["Key"]): str(one["Value"]) for one in self._get_param("Tags") or ()}
        return answer


class StsBackend(TheirBackend):
    """The STS backend of the API."""

    def session_policy_arns(self, session: AssumedRole) -> list[str]:
        """Return the managed policies that a session was given."""
        return list(getattr(session, "policy_arns", ()))

    def session_tags(self, session: AssumedRole) -> dict[str, str]:
        """Return the tags that a session was given."""
        return dict(getattr(session, "tags", {}))

    def get_caller_identity(self, access_key_id: str, region: str) -> tuple[str, str, str]:
        """GetCallerIdentity; returns user id, ARN, account.

        The region's own key is the root user's.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        """
        found = super().get_caller_identity(access_key_id, region)
        # moto's name for a key that it does not know; an IAM user's ARN is of the service iam
        if found[1] != f"arn:{self.partition}:sts::{self.account_id}:user/moto":
            return found
        return self.account_id, f"arn:{self.partition}:iam::{self.account_id}:root", self.account_id
