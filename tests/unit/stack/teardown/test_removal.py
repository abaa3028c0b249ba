"""What is left is deleted in rounds, until nothing more can be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from drydock.stack.teardown import removal
from drydock.stack.teardown.removal import way_for, words
from drydock.stack.teardown.removal_network import WAYS as NETWORK
from drydock.stack.teardown.removal_services import WAYS as SERVICES

AT = "ap-southeast-2:123456789012"


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("vpc-1", NETWORK["vpc"]),
        (f"arn:aws:ec2:{AT}:vpc/vpc-1", NETWORK["vpc"]),
        (f"arn:aws:ec2:{AT}:elastic-ip/eipalloc-1", NETWORK["eipalloc"]),
        (
            f"arn:aws:elasticloadbalancing:{AT}:listener/app/a/1/2",
            SERVICES["elasticloadbalancing", "listener"],
        ),
        (
            f"arn:aws:elasticloadbalancing:{AT}:listener-rule/app/a/1/2/3",
            SERVICES["elasticloadbalancing", "listener-rule"],
        ),
        (f"arn:aws:rds:{AT}:cluster:db", SERVICES["rds", "cluster:"]),
        (f"arn:aws:rds:{AT}:cluster-pg:db", SERVICES["rds", "cluster-pg:"]),
        (f"arn:aws:logs:{AT}:log-group:/a/b", SERVICES["logs", "log-group:"]),
        ("arn:aws:s3:::bucket", SERVICES["s3", ""]),
        ("arn:aws:iam::1:role/path/x", SERVICES["iam", "role/"]),
        (f"arn:aws:quantum:{AT}:x/1", None),
        ("i-0123", None),
    ],
)
def test_each_kind_has_its_way(name: str, way: Any) -> None:
    assert way_for(name) is way


class World:
    """Resources that need one another, as AWS refuses to delete them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, needs: dict[str, list[str]]) -> None:
        self.there = dict(needs)
        self.now = 0.0
        self.said: list[str] = []
        monkeypatch.setattr(removal, "way_for", self.way)

    def way(self, name: str) -> Any:
        return None if name.startswith("unknown") else self.delete

    def delete(self, _: Any, name: str) -> None:
        if name.startswith("guarded"):
            raise self.error("InvalidParameterCombination", "Cannot delete protected Cluster")
        if any(name in needed for needed in self.there.values()):
            raise self.error("DependencyViolation", f"{name} is in use")
        del self.there[name]

    def error(self, code: str, message: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": message}}, "Delete")

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def remove(self) -> dict[str, str]:
        api = SimpleNamespace(is_local=True, pace=SimpleNamespace(every=1.0))
        return removal.remove(
            cast("Any", api),
            lambda: list(self.there),
            self.said.append,
            clock=lambda: self.now,
            sleep=self.sleep,
        )


def test_what_is_in_use_waits_for_what_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, {"a-vpc": [], "b-subnet": ["a-vpc"], "c-task": ["b-subnet"]})
    assert world.remove() == {}
    assert world.said == ["deleted c-task", "deleted b-subnet", "deleted a-vpc"]


def test_what_stays_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, {"guarded": ["subnet"], "subnet": [], "unknown-1": [], "x": []})
    left = world.remove()
    assert left == {
        "guarded": "Cannot delete protected Cluster",
        "subnet": "subnet is in use",
        "unknown-1": "Drydock knows no way to delete it",
    }
    assert world.said == ["deleted x"]
    assert "\n  subnet (subnet is in use)" in words(left)
