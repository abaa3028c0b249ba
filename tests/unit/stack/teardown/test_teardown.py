"""The story of a destroy, with a Terraform that only notes what is asked and fails as it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from drydock.aws.clients import AWS_PACE
from drydock.errors import CheckFailed, OpsError, StackError, TerraformFailed
from drydock.stack import reading
from drydock.stack.existing.finding import Looked
from drydock.stack.teardown import contents, guards, interfaces, lost, removal, teardown
from drydock.stack.teardown.sweep import Found
from drydock.stack.teardown.teardown import Teardown

TAGS = {"Application": "shop"}


def resource(kind: str, **attributes: Any) -> dict[str, Any]:
    found = {"tags_all": TAGS, **attributes}
    return {"mode": "managed", "type": kind, "name": "x", "instances": [{"attributes": found}]}


@dataclass
class World:
    """What stands, what Terraform says when it fails, and what was done."""

    home: Path
    state: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    """Terraform's words of each destroy that fails, in order."""
    left: list[list[Found]] = field(default_factory=list)
    """What each sweep finds; the last one again and again."""
    interfaces: list[str] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)
    """What a plan of the stack says; empty: it fails."""
    foreign: frozenset[str] = frozenset()
    """What is in other stacks' states."""
    stays: dict[str, str] = field(default_factory=dict)
    """What cannot be deleted, and why."""
    done: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def target(self) -> Any:
        return SimpleNamespace(is_local=True)

    @property
    def folder(self) -> Path:
        return Path("infra")

    @property
    def files(self) -> Any:
        return SimpleNamespace(home=self.home, create=lambda: None)

    def destroy(self, *, again: Callable[[str, int], bool]) -> None:
        for tries, words in enumerate(self.failures, 1):
            self.done.append("destroy fails")
            if not again(words, tries):
                raise TerraformFailed("could not destroy")
        self.done.append("destroy")
        self.state = {}

    def teardown(self) -> Teardown:
        api = SimpleNamespace(is_local=True, pace=AWS_PACE)
        return Teardown(cast("Any", self), cast("Any", api), self.said.append)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)

    def note(what: str, result: Any = None) -> Callable[..., Any]:
        def call(*_: Any, **__: Any) -> Any:
            world.done.append(what)
            return result

        return call

    def sweep(*_: Any) -> tuple[Found, ...]:
        found = world.left.pop(0) if len(world.left) > 1 else [*world.left, []][0]
        return tuple(found)

    def preview(*_: Any) -> dict[str, Any]:
        if not world.plan:
            raise TerraformFailed("terraform could not plan", "no value for a variable")
        return world.plan

    def remove(_: Any, look: Callable[[], tuple[str, ...]], __: Any) -> dict[str, str]:
        world.done += [f"delete {name}" for name in look() if name not in world.stays]
        return world.stays

    monkeypatch.setattr(reading, "preview", preview)
    monkeypatch.setattr(lost, "sweep", sweep)
    monkeypatch.setattr(lost, "foreign_names", lambda *_: world.foreign)
    monkeypatch.setattr(lost, "look", lambda *_: Looked())
    monkeypatch.setattr(removal, "remove", remove)
    monkeypatch.setattr(reading, "state", lambda _: world.state)
    monkeypatch.setattr(reading, "state_bucket", lambda _: "the-state")
    monkeypatch.setattr(teardown, "sweep", sweep)
    monkeypatch.setattr(teardown, "_SETTLE", {True: 0.0, False: 0.0})
    monkeypatch.setattr(guards, "turn_off", note("unguard"))
    monkeypatch.setattr(contents, "empty_bucket", note("empty bucket", 2))
    monkeypatch.setattr(contents, "empty_repository", note("empty repository", 1))
    monkeypatch.setattr(interfaces, "left", lambda *_: world.interfaces)
    monkeypatch.setattr(interfaces, "wait_until_gone", note("wait for interfaces"))
    return world


def test_a_protected_stack_is_refused_before_anything_is_touched(world: World) -> None:
    world.state = {
        "resources": [
            resource("aws_rds_cluster", deletion_protection=True),
            resource("aws_s3_bucket", bucket="logs"),
        ]
    }
    with pytest.raises(StackError, match=r"aws_rds_cluster\.x"):
        world.teardown().run()
    assert world.done == []
    world.teardown().run(disable_protection=True)
    assert world.done == ["unguard", "empty bucket", "destroy"]


def test_the_bucket_of_the_state_itself_is_never_emptied(world: World) -> None:
    world.state = {"resources": [resource("aws_s3_bucket", bucket="the-state")]}
    assert world.teardown().contents() == []


def test_what_was_filled_again_meanwhile_is_emptied_again(world: World) -> None:
    world.state = {"resources": [resource("aws_s3_bucket", bucket="logs")]}
    world.failures = ["Error: deleting S3 Bucket: BucketNotEmpty: The bucket you tried"] * 2
    world.teardown().run()
    assert world.done == [
        "empty bucket",
        "destroy fails",
        "empty bucket",
        "destroy fails",
        "empty bucket",
        "destroy",
    ]


def test_interfaces_that_lag_are_waited_for_and_nothing_else_is_tried_again(world: World) -> None:
    world.state = {"resources": [resource("aws_subnet", id="subnet-1")]}
    world.failures = ["Error: deleting EC2 Subnet: DependencyViolation: has dependencies"]
    world.interfaces = ["eni-1 (ELB app/shop)"]
    world.teardown().run()
    assert world.done == ["destroy fails", "wait for interfaces", "destroy"]

    world.state = {"resources": [resource("aws_subnet", id="subnet-1")]}
    world.interfaces = []
    with pytest.raises(TerraformFailed):
        world.teardown().run()
    world.failures = ["Error: AccessDenied"]
    with pytest.raises(TerraformFailed):
        world.teardown().run()


def test_it_gives_up_after_some_tries(world: World) -> None:
    world.state = {"resources": [resource("aws_s3_bucket", bucket="logs")]}
    world.failures = ["BucketNotEmpty"] * 9
    with pytest.raises(TerraformFailed):
        world.teardown().run()
    assert world.done.count("destroy fails") == 5


def test_what_is_left_is_named_and_what_may_stay_is_only_told(world: World) -> None:
    world.state = {"resources": [resource("aws_vpc", id="vpc-1", arn="arn:aws:ec2:::vpc/vpc-1")]}
    snapshot = Found("arn:snapshot", "a snapshot outlives its database")
    world.left = [[Found("vpc-1"), Found("vol-of-another")]]
    destroyed = world.teardown()
    destroyed.run()
    world.left = [[Found("eni-1"), snapshot, Found("vol-of-another")]]
    with pytest.raises(CheckFailed, match="eni-1") as left:
        destroyed.report()
    assert left.value.exit_code == 3
    assert "snapshot" not in str(left.value)
    assert "vol-of-another" not in str(left.value)
    assert any("arn:snapshot" in line for line in world.said)

    # The state is empty by now; a second run knows the tags, and what was another's, from the first.
    world.left = [[snapshot, Found("vol-of-another")]]
    again = world.teardown()
    again.run()
    again.report()
    assert world.said[-1] == "nothing is left that carries Application=shop"
    assert not (world.home / "teardown.json").exists()


def test_an_interruption_in_the_middle_forgets_nothing(world: World) -> None:
    world.state = {
        "resources": [resource("aws_iam_role", name="task"), resource("aws_vpc", id="v")]
    }
    world.failures = ["interrupted"]
    with pytest.raises(TerraformFailed):
        world.teardown().run()
    # What is left of the state has neither the role nor the tags any more.
    world.state = {"resources": [resource("aws_route", id="r", tags_all=None)]}
    world.failures = []
    world.teardown().run()
    told = json.loads((world.home / "teardown.json").read_text())
    assert (told["tags"], told["roles"]) == (TAGS, ["task"])


def test_that_others_cannot_be_looked_for_is_told_and_keeps_nothing_from_being_destroyed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any) -> Any:
        raise OpsError("DescribeTags failed", "UnauthorizedOperation")

    monkeypatch.setattr(teardown, "sweep", refuses)
    world.state = {"resources": [resource("aws_vpc", id="vpc-1")]}
    made = world.teardown()
    made.run()
    assert world.done == ["destroy"]
    assert "UnauthorizedOperation" in world.said[0]
    with pytest.raises(OpsError, match="DescribeTags"):
        made.report()


PLAN = {
    "planned_values": {
        "root_module": {
            "resources": [
                {"address": "aws_vpc.x", "type": "aws_vpc", "values": {"tags_all": TAGS}},
                {"address": "aws_lb.x", "type": "aws_lb", "values": {"tags_all": TAGS}},
            ]
        }
    }
}


def test_what_a_lost_state_does_not_tell_of_is_found_by_the_plans_tags_and_deleted(
    world: World,
) -> None:
    world.plan = PLAN
    world.foreign = frozenset({"vpc-2"})
    world.left = [[Found("vpc-1"), Found("vpc-2"), Found("arn:snapshot", "it is to stay")]]
    made = world.teardown()
    assert made.debris == ("vpc-1",)
    made.run()
    assert world.done == ["destroy", "delete vpc-1"]
    made.report()
    assert world.said[-1] == "the state was empty; nothing is left that carries Application=shop"


def test_what_cannot_be_deleted_of_it_is_named_with_exit_code_3(world: World) -> None:
    world.plan = PLAN
    world.left = [[Found("arn:aws:rds:r:1:cluster:db")]]
    world.stays = {"arn:aws:rds:r:1:cluster:db": "Cannot delete protected Cluster"}
    made = world.teardown()
    made.run(disable_protection=True)
    assert world.done == ["destroy", "unguard"]
    with pytest.raises(CheckFailed, match=r"cluster:db \(Cannot delete protected") as left:
        made.report()
    assert "drydock destroy --sweep infra" in left.value.remedy


def test_it_is_only_named_where_deleting_was_not_asked_for(world: World) -> None:
    world.plan = PLAN
    world.left = [[Found("vpc-1")]]
    made = world.teardown()
    made.run(remove=False)
    assert world.done == ["destroy"]
    with pytest.raises(CheckFailed, match="vpc-1"):
        made.report()


def test_an_empty_state_of_a_stack_that_cannot_be_planned_is_no_proof(world: World) -> None:
    made = world.teardown()
    made.run()
    with pytest.raises(CheckFailed, match="no value for a variable"):
        made.report()


def test_without_common_tags_it_says_that_it_did_not_look(world: World) -> None:
    world.state = {"resources": [resource("aws_vpc", id="vpc-1", tags_all={})]}
    made = world.teardown()
    made.run()
    made.report()
    assert any("no tag in common" in line for line in world.said)
