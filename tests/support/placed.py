"""Tasks in a subnet that the test chooses, without a public address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.support.scenario import Scenario


@dataclass
class Placed(Scenario):
    """A scenario whose tasks have no public address."""

    @property
    def network(self) -> dict[str, Any]:
        return {
            "awsvpcConfiguration": {
                "subnets": self.subnets,
                "securityGroups": [self.group],
                "assignPublicIp": "DISABLED",
            }
        }


def placed(scenario: Scenario, vpc: str, subnet: str, group: str) -> Placed:
    """Return the scenario with its cluster and logs, but with tasks in this subnet with this group."""
    return Placed(**{**vars(replace(scenario)), "vpc": vpc, "subnets": [subnet], "group": group})
