"""WAF's resources. All kinds have a name, an id, a lock token, and their requested settings.

moto 5.2.5 keeps rules as objects that fail on unknown members.
https://docs.aws.amazon.com/waf/latest/APIReference/API_Types_AWS_WAFV2.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import uuid4

Json = dict[str, Any]

_NOT_SETTINGS = frozenset({"Name", "Id", "Scope", "Tags", "LockToken"})


class Kind(Enum):
    """The kind of a resource; its value is the word in ARNs."""

    WEB_ACL = "webacl"
    RULE_GROUP = "rulegroup"
    IP_SET = "ipset"
    REGEX_SET = "regexpatternset"

    @property
    def noun(self) -> str:
        """The name of the resource in the API."""
        return _NOUNS[self]


_NOUNS = {
    Kind.WEB_ACL: "WebACL",
    Kind.RULE_GROUP: "RuleGroup",
    Kind.IP_SET: "IPSet",
    Kind.REGEX_SET: "RegexPatternSet",
}
_KEPT = {
    Kind.WEB_ACL: (),
    Kind.RULE_GROUP: ("Capacity",),
    Kind.IP_SET: ("IPAddressVersion",),
    Kind.REGEX_SET: (),
}
"""Settings that an update cannot change."""


def _token() -> str:
    return str(uuid4())


@dataclass
class Item:
    """One resource."""

    kind: Kind
    name: str
    id: str
    arn: str
    scope: str
    account: str
    settings: Json
    capacity: int = 0
    """Web ACL capacity units in use."""
    lock_token: str = field(default_factory=_token)

    @property
    def rules(self) -> list[Json]:
        found: list[Json] = self.settings.get("Rules") or []
        return found

    @property
    def namespace(self) -> str:
        """The prefix of the labels of its rules."""
        return f"awswaf:{self.account}:{self.kind.value}:{self.name}:"

    def change(self, settings: Json) -> str:
        """Replace all settings; return the new lock token."""
        kept = {name: self.settings[name] for name in _KEPT[self.kind]}
        self.settings = {**settings_of(settings), **kept}
        self.lock_token = _token()
        return self.lock_token

    def summary(self) -> Json:
        """Return the resource as lists and creations show it."""
        return {
            "Name": self.name,
            "Id": self.id,
            "ARN": self.arn,
            "Description": self.settings.get("Description", ""),
            "LockToken": self.lock_token,
        }

    def show(self) -> Json:
        """Return the resource as Get operations show it."""
        shown = {"Name": self.name, "Id": self.id, "ARN": self.arn, **self.settings}
        if self.kind in (Kind.WEB_ACL, Kind.RULE_GROUP):
            shown |= {"Rules": self.rules, "LabelNamespace": self.namespace}
        if self.kind is Kind.WEB_ACL:
            shown |= {"Capacity": self.capacity, "ManagedByFirewallManager": False}
        if self.kind is Kind.RULE_GROUP:
            names = [one["Name"] for rule in self.rules for one in rule.get("RuleLabels") or ()]
            shown["AvailableLabels"] = [{"Name": f"{self.namespace}{name}"} for name in names]
        return shown


def settings_of(request: Json) -> Json:
    """Return the resource's settings in a Create or an Update."""
    return {
        name: value
        for name, value in request.items()
        if name not in _NOT_SETTINGS and value is not None
    }
