"""CloudWatch: what controllers observed, asked for by a real client, one metric at a time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import MetricDatum

from drydock.region.api.saved import pickling
from drydock.region.services.cloudwatch.operations import backend as cloudwatch
from drydock.region.services.cloudwatch.operations.backend import Sample, Value
from tests.support.served import Served

BALANCER = (("LoadBalancer", "app/web/1"),)
GROUP = (*BALANCER, ("TargetGroup", "targetgroup/web/2"))


def requests(dimensions: cloudwatch.Dimensions, count: int) -> Sample:
    return Sample("AWS/ApplicationELB", "RequestCount", dimensions, "Count", float(count), count)


def observe(served: Served, *samples: Sample, now: float | None = None) -> None:
    with served.store.changing("cloudwatch"):
        served.store.backend("cloudwatch").observe(samples, now)


def statistics(served: Served, name: str, dimensions: Any, **more: Any) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = served.client("cloudwatch").get_metric_statistics(
        Namespace=more.pop("namespace", "AWS/ApplicationELB"),
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
    )["Datapoints"]
    return found


def test_only_the_metric_with_exactly_these_dimensions_is_counted(served: Served) -> None:
    observe(served, requests(BALANCER, 5), requests(GROUP, 3))
    observe(served, requests(BALANCER, 2))
    (point,) = statistics(served, "RequestCount", BALANCER)
    assert (point["Sum"], point["SampleCount"], point["Average"]) == (7, 7, 1)
    assert (point["Minimum"], point["Maximum"], point["Unit"]) == (1, 1, "Count")
    # in whatever order they are named
    (point,) = statistics(served, "RequestCount", reversed(GROUP))
    assert point["Sum"] == 3
    assert statistics(served, "RequestCount", ()) == []
    assert statistics(served, "RequestCount", (("TargetGroup", "targetgroup/web/2"),)) == []


def test_metric_data_of_several_metrics_and_an_expression(served: Served) -> None:
    observe(served, requests(BALANCER, 5), requests(GROUP, 3))
    now = datetime.now(UTC)

    def query(name: str, dimensions: Any) -> dict[str, Any]:
        named = [{"Name": key, "Value": value} for key, value in dimensions]
        metric = {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCount",
            "Dimensions": named,
        }
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}

    answer = served.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query("all", BALANCER), query("some", reversed(GROUP))],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
    )["MetricDataResults"]
    assert {one["Id"]: one["Values"] for one in answer} == {"all": [5.0], "some": [3.0]}


def test_each_metric_is_listed_once(served: Served) -> None:
    for _ in range(3):
        observe(served, requests(BALANCER, 5), requests(GROUP, 3))
    listed = served.client("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB")["Metrics"]
    assert sorted(len(one["Dimensions"]) for one in listed) == [1, 2]
    only = served.client("cloudwatch").list_metrics(
        Dimensions=[{"Name": "TargetGroup", "Value": "targetgroup/web/2"}]
    )["Metrics"]
    assert len(only) == 1


def test_metrics_of_the_users_own_are_there_too(served: Served) -> None:
    for value in (1.0, 4.0):
        served.client("cloudwatch").put_metric_data(
            Namespace="mine",
            MetricData=[
                {
                    "MetricName": "n",
                    "Value": value,
                    "Dimensions": [{"Name": "b", "Value": "1"}, {"Name": "a", "Value": "2"}],
                }
            ],
        )
    (point,) = statistics(served, "n", (("a", "2"), ("b", "1")), namespace="mine")
    assert (point["Sum"], point["Average"], point["Maximum"]) == (5, 2.5, 4)


def test_values_with_counts_and_statistics_are_counted_as_said(served: Served) -> None:
    cloudwatch = served.client("cloudwatch")
    told = {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 5}
    cloudwatch.put_metric_data(
        Namespace="mine",
        MetricData=[
            {"MetricName": "n", "Values": [2.0, 3.0], "Counts": [1_000_000_000.0, 1.0]},
            {"MetricName": "m", "StatisticValues": told, "Unit": "Bytes"},
        ],
    )
    (point,) = statistics(served, "n", (), namespace="mine")
    assert (point["Sum"], point["SampleCount"]) == (2_000_000_003, 1_000_000_001)
    assert (point["Minimum"], point["Maximum"]) == (2, 3)
    (point,) = statistics(served, "m", (), namespace="mine")
    assert (point["Sum"], point["SampleCount"], point["Average"]) == (10, 4, 2.5)
    assert (point["Minimum"], point["Maximum"], point["Unit"]) == (1, 5, "Bytes")


def test_many_metrics_are_listed_in_pages(served: Served) -> None:
    observe(served, *(requests((("LoadBalancer", f"app/{n}/1"),), 1) for n in range(1001)))
    pages = served.client("cloudwatch").get_paginator("list_metrics").paginate()
    listed = [[one["Dimensions"][0]["Value"] for one in page["Metrics"]] for page in pages]
    assert [len(one) for one in listed] == [500, 500, 1]
    assert len({name for page in listed for name in page}) == 1001


def test_no_value_is_in_the_record(served: Served) -> None:
    observe(served, requests(BALANCER, 5))
    with served.store.locked():
        backend = served.store.backend("cloudwatch")
        before = len(pickling.dumps(backend))
    for _ in range(50):
        observe(served, requests(BALANCER, 5))
        data = [{"MetricName": "n", "Value": 1.0}]
        served.client("cloudwatch").put_metric_data(Namespace="mine", MetricData=data)
    with served.store.locked():
        assert len(pickling.dumps(backend)) == before
        again = pickling.loads(pickling.dumps(backend))
        assert len(again.values({("mine", "n", ())}, 0.0)["mine", "n", ()]) == 50


def test_what_an_earlier_version_saved_is_taken_over(served: Served) -> None:
    now = time.time()
    with served.store.locked():
        backend = served.store.backend("cloudwatch")
        state = dict(vars(backend))
        at = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
        state["observed"] = [(now, "AWS/X", "n", BALANCER, "Count", 5.0, 2, 1.0, 4.0)]
        state["metric_data"] = [MetricDatum("mine", "m", 3.0, [], at, "Bytes")]
        restored: Any = object.__new__(type(backend))
        restored.__setstate__(state)
        ours, theirs = ("AWS/X", "n", BALANCER), ("mine", "m", ())
        found = restored.values({ours, theirs}, now - 60)
    assert found == {
        ours: [Value(now, "Count", 5.0, 2.0, 1.0, 4.0)],
        theirs: [Value(at.replace(tzinfo=UTC).timestamp(), "Bytes", 3.0, 1.0, 3.0, 3.0)],
    }
