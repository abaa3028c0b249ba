"""What RegisterTaskDefinition refuses about containers: one broken rule each."""

from __future__ import annotations

import re
from typing import Any

import pytest
from moto.ecs.exceptions import EcsClientException

from drydock.region.services.ecs.operations.containers import check, find_cycle

CHECK = {"command": ["CMD-SHELL", "true"]}


def container(name: str, needs: str = "", condition: str = "START", **more: Any) -> dict[str, Any]:
    depends = [{"containerName": needs, "condition": condition}] if needs else []
    return {"name": name, "image": "x", "essential": True, "dependsOn": depends, **more}


GOOD = [
    container("app", "init", "SUCCESS", mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]),
    container("init", "side", "HEALTHY", essential=False, startTimeout=120, memory=256),
    container("side", healthCheck=CHECK, volumesFrom=[{"sourceContainer": "app"}]),
]


def test_what_is_in_order_passes() -> None:
    check(GOOD, [{"name": "v"}], 512)


@pytest.mark.parametrize(
    ("containers", "words"),
    [
        ([container("a", "b"), container("b", "a")], "cycle: a -> b -> a"),
        ([container("a", "a")], "cycle: a -> a"),
        ([container("a", "gone")], "Cannot depend on container \\+ 'gone'"),
        ([container("a", "b", "SUCCESS"), container("b")], "cannot be an essential container"),
        ([container("a", "b", "COMPLETE"), container("b")], "cannot be an essential container"),
        ([container("a", "b", "HEALTHY"), container("b")], "'b' has none"),
        ([container("a", "b", "LATER"), container("b")], "condition should be one of"),
        ([container("a", essential=False)], "At least one container"),
        ([container("a"), container("a")], "duplicate container name: a"),
        ([container("a", healthCheck={"command": ["curl", "x"]})], "must start with CMD"),
        ([container("a", healthCheck={**CHECK, "interval": 4})], "between 5 and 300"),
        ([container("a", stopTimeout=121)], "between 1 and 120"),
        ([container("a", mountPoints=[{"sourceVolume": "no"}])], "Unknown volume 'no'"),
        (
            [container("a", mountPoints=[{"sourceVolume": "v", "containerPath": "x"}])],
            "must be an absolute path",
        ),
        ([container("a", volumesFrom=[{"sourceContainer": "b"}])], "Unknown container 'b'"),
        ([container("a", environmentFiles=[{"value": "x", "type": "s3"}])], "ARN of an S3 object"),
        (
            [container("a", environmentFiles=[{"value": "arn:aws:s3:::b/k.txt", "type": "s3"}])],
            "must have a .env",
        ),
        ([container("a", memory=513)], "larger than the task's of 512 MiB"),
        ([container("a", memory=100, memoryReservation=101)], "memoryReservation"),
    ],
)
def test_what_is_refused(containers: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(EcsClientException) as caught:
        check(containers, [{"name": "v"}], 512)
    assert re.search(words, str(caught.value.message))


def test_a_diamond_is_no_cycle() -> None:
    assert find_cycle({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []
    assert find_cycle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
