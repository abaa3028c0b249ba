"""Account settings: the account's defaults, those that a principal has set, and else AWS's own.

moto 5.2.5 knows one level and seven names, and lists only what was put.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAccountSettings.html
"""

from __future__ import annotations

from typing import Any

from moto.ecs.exceptions import InvalidParameterException, UnknownAccountSettingException
from moto.ecs.models import EC2ContainerServiceBackend

Json = dict[str, Any]

_SWITCH = ("enabled", "disabled")
_KNOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "serviceLongArnFormat": ("enabled", _SWITCH),
    "taskLongArnFormat": ("enabled", _SWITCH),
    "containerInstanceLongArnFormat": ("enabled", _SWITCH),
    "containerLongArnFormat": ("enabled", _SWITCH),
    "awsvpcTrunking": ("disabled", _SWITCH),
    "containerInsights": ("disabled", ("enhanced", *_SWITCH)),
    "dualStackIPv6": ("enabled", _SWITCH),
    "fargateFIPSMode": ("disabled", _SWITCH),
    "fargateTaskRetirementWaitPeriod": ("7", ("0", "7", "14")),
    "fargateEventWindows": ("disabled", _SWITCH),
    "tagResourceAuthorization": ("off", ("on", "off")),
    "guardDutyActivate": ("off", ("on", "off")),
    "defaultLogDriverMode": ("non-blocking", ("blocking", "non-blocking")),
}
"""Each setting: AWS's default, and what it may be."""


class SettingOperations(EC2ContainerServiceBackend):
    """The settings' part of the ECS backend. `containerInsights` is the default of a new cluster."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.default_settings: dict[str, str] = {}
        self.principal_settings: dict[str, dict[str, str]] = {}
        """By the principal's ARN."""

    def put_setting(self, name: str, value: str, principal: str | None) -> Json:
        """Run PutAccountSetting for a principal, or PutAccountSettingDefault without one."""
        _check(name, value)
        if principal is None:
            self.default_settings[name] = value
        else:
            self.principal_settings.setdefault(principal, {})[name] = value
        return self._shown(name, value, principal or self._root)

    def delete_setting(self, name: str, principal: str | None) -> Json:
        """Run DeleteAccountSetting: the default counts again."""
        _check(name, None)
        who = principal or self._root
        self.principal_settings.get(who, {}).pop(name, None)
        return self._shown(name, "", who)

    def settings_of(
        self, principal: str | None, name: str | None, value: str | None, *, effective: bool
    ) -> list[Json]:
        """Run ListAccountSettings. `effective`: include AWS's defaults for what is not set."""
        if name:
            _check(name, None)
        who = principal or self._root
        set_there = {**self.default_settings, **self.principal_settings.get(who, {})}
        found = {key: default for key, (default, _) in _KNOWN.items()} if effective else {}
        return [
            self._shown(key, one, who)
            for key, one in {**found, **set_there}.items()
            if name in (None, key) and value in (None, one)
        ]

    @property
    def _root(self) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:root"

    def _shown(self, name: str, value: str, principal: str) -> Json:
        kind = "aws_managed" if name == "guardDutyActivate" else "user"
        return {"name": name, "value": value, "principalArn": principal, "type": kind}


def _check(name: str, value: str | None) -> None:
    if name not in _KNOWN:
        raise UnknownAccountSettingException
    allowed = _KNOWN[name][1]
    if value is not None and value not in allowed:
        raise InvalidParameterException(
            f"Invalid value for account setting {name}: it is one of {', '.join(allowed)}."
        )
