"""ECS: RunTask on its task definition, the rest on clusters, services and tasks.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from __future__ import annotations

from moto.core.exceptions import JsonRESTError, ServiceException

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import EVERYTHING, Resource

_NO_RESOURCE = frozenset(
    {
        "RegisterTaskDefinition", "DescribeTaskDefinition", "DeregisterTaskDefinition",
        "ListTaskDefinitions", "ListTaskDefinitionFamilies", "ListClusters", "ListServices",
        "ListAccountSettings", "PutAccountSetting", "PutAccountSettingDefault",
        "DeleteAccountSetting", "CreateCapacityProvider", "DiscoverPollEndpoint",
    }
)  # fmt: skip


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of ECS."""
    context = {"ecs:cluster": (cluster(call),)} if _has_cluster(call) else {}
    if call.name == "ExecuteCommand":
        given = {"ecs:task": call.text("task"), "ecs:container-name": call.text("container")}
        context |= {key: (value,) for key, value in given.items() if value}
    return [Check(call.action, one, context) for one in _resources(call, store)]


def cluster(call: Call) -> str:
    """Return the ARN of the call's cluster."""
    name = call.text("cluster", "clusterName") or "default"
    return name if name.startswith("arn:") else call.arn(f"cluster/{name}")


def definition(call: Call, store: Store) -> str:
    """Return the ARN of the call's task definition, with its revision."""
    asked = call.text("taskDefinition")
    try:
        return str(store.backend("ecs").describe_task_definition(asked).arn)
    except (ServiceException, JsonRESTError, ValueError):
        return asked if asked.startswith("arn:") else call.arn(f"task-definition/{asked}")


def _has_cluster(call: Call) -> bool:
    return "Cluster" not in call.name and "TaskDefinition" not in call.name


def _resources(call: Call, store: Store) -> list[Resource]:
    if call.name in _NO_RESOURCE:
        return [EVERYTHING]
    if call.name in {"RunTask", "StartTask"}:
        return [Resource(definition(call, store))]
    if call.name in {"TagResource", "UntagResource", "ListTagsForResource"}:
        return [Resource(call.text("resourceArn"))]
    place = cluster(call).rsplit("/", 1)[-1]
    if call.name == "ExecuteCommand":
        task = _as_arn(call, f"task/{place}", call.text("task"))
        return [Resource(_as_arn(call, "cluster", cluster(call))), Resource(task)]
    if call.name == "ListTasks":
        return [Resource(call.arn(f"container-instance/{place}/*"))]
    if "Cluster" in call.name:
        several = call.listed("clusters")
        names = several or [cluster(call)]
        return [Resource(_as_arn(call, "cluster", one)) for one in names]
    for kind, one, many in (("service", "service", "services"), ("task", "task", "tasks")):
        names = call.listed(many) or [found for found in (call.text(one, f"{one}Name"),) if found]
        if names:
            return [Resource(_as_arn(call, f"{kind}/{place}", name)) for name in names]
    return []


def _as_arn(call: Call, path: str, name: str) -> str:
    return name if name.startswith("arn:") else call.arn(f"{path}/{name}")
