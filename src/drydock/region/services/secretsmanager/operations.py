"""Secrets Manager: without a function, only secrets of RDS can be rotated.

moto 5.2.5 gives any secret a current version without a value when it is rotated.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

from __future__ import annotations

from typing import Any

from moto.rds.models import rds_backends
from moto.secretsmanager.exceptions import (
    InvalidRequestException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import SecretsManagerBackend as TheirBackend

from drydock.region.services.secretsmanager.rotation import set_rules


class SecretsBackend(TheirBackend):
    """Secrets; those of RDS are rotated by RDS."""

    def rotate_secret(
        self,
        secret_id: str,
        client_request_token: str | None = None,  # noqa: ARG002  (moto's signature)
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        """RotateSecret.

        Raises InvalidRequestException: the secret is not RDS's, and Lambda does not run.
        """
        secret: Any = self.secrets[secret_id] if self._is_valid_identifier(secret_id) else None
        if secret is None:
            raise SecretNotFoundException
        if secret.owning_service != "rds":
            if not rotation_lambda_arn:
                raise InvalidRequestException(
                    "No Lambda rotation function ARN is associated with this secret."
                )
            raise InvalidRequestException(
                f"Secrets Manager cannot invoke {rotation_lambda_arn}: Drydock's local region runs no "
                "Lambda function. Rotate the secret from a task, or leave the rotation out of the "
                "rehearsal with a variable of the stack."
            )
        rds: Any = rds_backends[self.account_id][self.region_name]
        owner = rds.owner_of_secret(secret.arn)
        if owner is None:
            raise InvalidRequestException("The database of this managed secret is gone.")
        if rotation_rules:
            set_rules(secret, rotation_rules)
        if rotate_immediately:
            rds.rotate_managed_password(owner)
        return str(secret.to_short_dict())
