"""CloudWatch Logs: a log group's ARN ends in `:log-stream:NAME`, except for tagging.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import EVERYTHING, Resource

_TAGS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
_OF_STREAMS = frozenset({"PutLogEvents", "GetLogEvents", "CreateLogStream", "DeleteLogStream"})
_NO_RESOURCE = frozenset(
    {
        "DescribeResourcePolicies", "PutResourcePolicy", "DeleteResourcePolicy",
        "DescribeQueryDefinitions", "StopQuery", "GetQueryResults", "DescribeQueries",
    }
)  # fmt: skip


def stream(call: Call, group: str, name: str = "") -> Resource:
    """Return the resource of most actions; `group` is a name."""
    return Resource(call.arn(f"log-group:{group}:log-stream:{name}", "logs"))


def checks(call: Call, _store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of CloudWatch Logs."""
    if call.name in _NO_RESOURCE:
        return [Check(call.action, EVERYTHING)]
    if call.name in _TAGS:
        arn = call.text("resourceArn").removesuffix(":*")
        return [Check(call.action, Resource(arn))]
    if call.name == "DescribeLogGroups":
        return [Check(call.action, stream(call, ""))]
    names = call.listed("logGroupNames", "logGroupIdentifiers") or [
        one for one in (call.text("logGroupName", "logGroupIdentifier"),) if one
    ]
    inside = call.text("logStreamName") if call.name in _OF_STREAMS else ""
    found = [Check(call.action, stream(call, _name(one), inside)) for one in names]
    if call.name == "CreateLogGroup" and call.tags():
        where = Resource(call.arn(f"log-group:{names[0]}" if names else ""))
        found.append(Check("logs:TagResource", where))
    return found


def _name(given: str) -> str:
    """Return a log group's name, from its name or ARN."""
    return (
        given.partition(":log-group:")[2].partition(":")[0] if given.startswith("arn:") else given
    )
