"""Which kept services hold anything."""

from __future__ import annotations

from drydock.region.api.keeping import kept
from tests.support.served import Served


def test_only_what_holds_something_is_named(served: Served) -> None:
    assert kept(served.store) == []
    served.client("sqs").list_queues()
    served.client("events").list_event_buses()
    assert kept(served.store) == []
    served.client("sqs").create_queue(QueueName="jobs")
    served.client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    served.cluster()
    found = kept(served.store)
    assert [one["service"] for one in found] == ["Amazon EventBridge", "Amazon SQS"]
    assert "your own tasks" in found[1]["words"]
    served.client("sqs").delete_queue(
        QueueUrl=served.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    )
    served.client("events").delete_rule(Name="nightly")
    assert kept(served.store) == []
