"""While a client is being interrupted, nothing new is begun."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.aws.target import Target
from drydock.region.api.hold import LONGEST, Hold
from drydock.region.api.operations import Operation
from drydock.stack.pause_writes import hold_changes
from tests.support.served import Served

CREATE = Operation("ecs", "CreateCluster", "POST", "json")


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def ask(served: Served, body: Any) -> int:
    request = urllib.request.Request(
        f"{served.url}/_drydock/hold",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_stops_changes_alone_and_ends_by_itself() -> None:
    clock = FakeClock()
    hold = Hold(clock)
    assert not hold.stops(CREATE)
    hold.begin(1_000)
    assert hold.stops(CREATE)
    assert not hold.stops(Operation("ecs", "DescribeClusters", "POST", "json"))
    assert not hold.stops(Operation("s3", "", "PUT", "rest-xml"))
    clock.now += LONGEST
    assert not hold.stops(CREATE)


def test_a_held_change_is_refused_so_that_sdks_come_again(served: Served) -> None:
    ecs = served.client("ecs")
    hold_changes(Target.local(served.url))
    with pytest.raises(ClientError) as caught:
        ecs.create_cluster(clusterName="app")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert ecs.list_clusters()["clusterArns"] == []
    where = {"LocationConstraint": "ap-southeast-2"}
    served.client("s3").create_bucket(Bucket="held-not", CreateBucketConfiguration=where)
    assert ask(served, {"seconds": 0}) == 200
    ecs.create_cluster(clusterName="app")


@pytest.mark.parametrize("body", [{}, [], {"seconds": "5"}, {"seconds": True}])
def test_a_hold_without_its_seconds_is_refused(served: Served, body: object) -> None:
    assert ask(served, body) == 400


def test_a_region_that_is_gone_does_not_keep_terraform_from_being_interrupted() -> None:
    hold_changes(Target.local("http://127.0.0.1:9"))
