"""Settings of the `--quick` build: the variables of `infra/`, by their Terraform names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network
from typing import Any

from drydock.errors import UsageError

_VARIABLE = "TF_VAR_"
_ONLY_TERRAFORM = ("domain_name", "certificate_arn", "vpc_id")
_FALSE = ("", "false")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_GROUPED = {
    "container_port": ("container", "port"),
    "health_check_path": ("container", "health_check_path"),
    "cpu": ("service", "cpu"),
    "memory": ("service", "memory"),
    "desired_count": ("service", "desired_count"),
    "scaling": ("service", "scaling"),
    "scaling_min": ("service", "scaling_min"),
    "scaling_max": ("service", "scaling_max"),
    "redeploy_on_rotation": ("database", "redeploy_on_rotation"),
    "vpc_cidr": ("network", "cidr"),
    "zones": ("network", "zones"),
}
"""A setting => the variable of `infra/` and its attribute, where the variable is an object."""

_KEY = re.compile(r'([{,\n]\s*)"?(\w+)"?\s*=\s*')


@dataclass(frozen=True)
class Settings:
    """Settings of the build. Names and defaults are those of `infra/variables.tf`; a test compares them."""

    prefix: str = "tasklist"
    container_image: str = "tasklist:latest"
    container_port: int = 3000
    health_check_path: str = "/healthcheck/live"
    """For a database that pauses. With one that does not the default is /healthcheck/, as in infra/."""
    cpu: int = 256
    memory: int = 512
    """MiB."""
    desired_count: int = 2
    scaling: bool = True
    scaling_min: int | None = None
    scaling_max: int | None = None
    redeploy_on_rotation: bool = True
    vpc_cidr: str = "10.0.0.0/16"
    zones: int = 2
    postgresql_version: str = "16"
    postgresql_instance_class: str = "db.serverless"
    postgresql_password: str = field(default="", repr=False)
    """If empty, RDS manages a password in Secrets Manager. Never saved, shown or logged."""

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the TF_VAR_ variables. Raises UsageError: a wrong value, or one that needs Terraform."""
        for name in _ONLY_TERRAFORM:
            if environ.get(_VARIABLE + name):
                raise _needs_terraform(name)
        if environ.get(f"{_VARIABLE}production", "") not in _FALSE:
            raise _needs_terraform("production")
        given: dict[str, Any] = {}
        for one in fields(cls):
            name, text = _written(environ, one.name)
            # Empty means "not set", as it does in infra/: a pipeline passes empty strings.
            if text:
                given[one.name] = _value(name, text, str(one.type))
        if given.get("postgresql_instance_class", "db.serverless") != "db.serverless":
            given.setdefault("health_check_path", "/healthcheck/")
        settings = cls(**given)
        settings.networks()
        return settings

    def bounds(self) -> tuple[int, int]:
        """Return the least and most tasks of a service that scales, as in `infra/main.tf`."""
        least = min(2, self.desired_count) if self.scaling_min is None else self.scaling_min
        most = max(6, self.desired_count, least) if self.scaling_max is None else self.scaling_max
        return least, most

    def networks(self) -> list[IPv4Network]:
        """Return the VPC's range in 16 parts. Raises UsageError: it cannot be divided so."""
        try:
            return list(IPv4Network(self.vpc_cidr).subnets(prefixlen_diff=4))
        except ValueError as error:
            raise UsageError(
                f"{_VARIABLE}network.cidr={self.vpc_cidr}", str(error), "for example 10.0.0.0/16"
            ) from None


def _written(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return a setting's name in the environment and its value there; empty if it is not set."""
    if name not in _GROUPED:
        return name, environ.get(_VARIABLE + name, "")
    group, attribute = _GROUPED[name]
    found = _object(group, environ.get(_VARIABLE + group, "")).get(attribute)
    text = json.dumps(found) if isinstance(found, bool) else "" if found is None else str(found)
    return f"{group}.{attribute}", text


def _object(name: str, text: str) -> dict[str, Any]:
    """Parse an object as Terraform takes it from the environment: JSON, or `{ key = value }`.

    Raises UsageError: it is neither, or has expressions.
    """
    if not text.strip() or text.strip() == "null":
        return {}
    for written in (text, _KEY.sub(r'\1"\2": ', text)):
        try:
            found = json.loads(written)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    raise UsageError(
        f"{_VARIABLE}{name}={text}",
        "it is no object that could be read without Terraform",
        'write it as JSON, for example {"zones": 3}',
    )


def _value(name: str, text: str, kind: str) -> str | int | bool:
    if kind == "bool":
        return _truth(name, text)
    return _number(name, text) if kind.startswith("int") else text


def _truth(name: str, text: str) -> bool:
    if text not in _TRUTHS:
        raise UsageError(f"{_VARIABLE}{name}={text}", "it is neither true nor false", "say which")
    return _TRUTHS[text]


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(
            f"{_VARIABLE}{name}={text}", "it is no whole number", "give one, or unset it"
        ) from None


def _needs_terraform(name: str) -> UsageError:
    return UsageError(
        f"{_VARIABLE}{name}",
        "the stack that --quick builds does not have it",
        f"unset {_VARIABLE}{name}, or use Terraform: drydock up",
    )
