"""What may be set: the variables of `infra/`, by the names that Terraform takes them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from drydock.errors import UsageError

_VARIABLE = "TF_VAR_"
_ONLY_TERRAFORM = ("domain_name", "certificate_arn", "vpc_id")
_FALSE = ("", "false", "0")


@dataclass(frozen=True)
class Settings:
    """Defaults are those of `infra/variables.tf`; a test compares them."""

    prefix: str = "servian-tech-challenge"
    container_image: str = "servian/techchallengeapp:latest"
    postgresql_version: str = "16.6"
    postgresql_instance_class: str = "db.t3.medium"
    postgresql_password: str = ""
    """Empty: RDS manages one in Secrets Manager. Never saved, shown or logged."""

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Of the TF_VAR_ variables. Raises UsageError: one that only Terraform can do."""
        for name in _ONLY_TERRAFORM:
            if environ.get(_VARIABLE + name):
                raise _needs_terraform(name)
        if environ.get(f"{_VARIABLE}production", "").lower() not in _FALSE:
            raise _needs_terraform("production")
        given = {one.name: environ.get(_VARIABLE + one.name, "") for one in fields(cls)}
        return cls(**{name: value for name, value in given.items() if value})

    def __repr__(self) -> str:
        return f"Settings(prefix={self.prefix!r}, container_image={self.container_image!r})"


def _needs_terraform(name: str) -> UsageError:
    return UsageError(
        f"{_VARIABLE}{name}",
        "the stack that --quick builds does not have it",
        f"unset {_VARIABLE}{name}, or use Terraform: drydock up",
    )
