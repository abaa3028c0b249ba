"""Cloud Map through its API: what is registered stands in the namespace's hosted zone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served

A_AND_SRV = {"DnsRecords": [{"Type": "A", "TTL": 10}, {"Type": "SRV", "TTL": 20}]}


@pytest.fixture
def api(served: Served) -> Any:
    return served.client("servicediscovery")


def namespace(served: Served, name: str = "corp.test") -> str:
    api = served.client("servicediscovery")
    operation = api.create_private_dns_namespace(Name=name, Vpc=served.vpc)["OperationId"]
    done = api.get_operation(OperationId=operation)["Operation"]
    assert done["Status"] == "SUCCESS"
    return str(done["Targets"]["NAMESPACE"])


def service(served: Served, place: str, name: str = "web", **more: Any) -> str:
    given = {"DnsConfig": {**A_AND_SRV, "NamespaceId": place}, **more}
    made = served.client("servicediscovery").create_service(Name=name, **given)
    return str(made["Service"]["Id"])


def register(served: Served, target: str, name: str, address: str, **more: str) -> None:
    served.client("servicediscovery").register_instance(
        ServiceId=target,
        InstanceId=name,
        CreatorRequestId=name,
        Attributes={"AWS_INSTANCE_IPV4": address, "AWS_INSTANCE_PORT": "3000", **more},
    )


def records(served: Served, place: str) -> set[tuple[str, str, str]]:
    """Name, type and value of everything but the zone's own two."""
    api = served.client("servicediscovery")
    properties = api.get_namespace(Id=place)["Namespace"]["Properties"]["DnsProperties"]
    found = served.client("route53").list_resource_record_sets(
        HostedZoneId=properties["HostedZoneId"]
    )["ResourceRecordSets"]
    return {
        (one["Name"], one["Type"], value["Value"])
        for one in found
        if one["Type"] not in ("NS", "SOA")
        for value in one["ResourceRecords"]
    }


def test_instances_are_in_the_zone_of_their_namespace(served: Served) -> None:
    place = namespace(served)
    target = service(served, place)
    register(served, target, "one", "10.0.0.1")
    register(served, target, "two", "10.0.0.2")
    register(served, target, "two", "10.0.0.3")
    assert records(served, place) == {
        ("web.corp.test.", "A", "10.0.0.1"),
        ("web.corp.test.", "A", "10.0.0.3"),
        ("web.corp.test.", "SRV", "1 1 3000 one.web.corp.test."),
        ("web.corp.test.", "SRV", "1 1 3000 two.web.corp.test."),
        ("one.web.corp.test.", "A", "10.0.0.1"),
        ("two.web.corp.test.", "A", "10.0.0.3"),
    }
    api = served.client("servicediscovery")
    api.deregister_instance(ServiceId=target, InstanceId="two")
    assert {name for name, *_ in records(served, place)} == {"web.corp.test.", "one.web.corp.test."}
    api.deregister_instance(ServiceId=target, InstanceId="one")
    assert records(served, place) == set()


def test_only_healthy_instances_are_named_unless_none_is(served: Served, api: Any) -> None:
    place = namespace(served)
    dns = {"DnsRecords": [{"Type": "A", "TTL": 10}], "NamespaceId": place}
    target = service(served, place, DnsConfig=dns, HealthCheckCustomConfig={})
    register(served, target, "one", "10.0.0.1")
    register(served, target, "two", "10.0.0.2", AWS_INIT_HEALTH_STATUS="UNHEALTHY")
    assert records(served, place) == {("web.corp.test.", "A", "10.0.0.1")}
    assert api.get_instances_health_status(ServiceId=target)["Status"] == {
        "one": "HEALTHY",
        "two": "UNHEALTHY",
    }

    def judge(name: str, status: str) -> None:
        api.update_instance_custom_health_status(ServiceId=target, InstanceId=name, Status=status)

    def discovered(status: str | None = None) -> set[str]:
        backend = served.store.backend("servicediscovery")
        with served.store.locked():
            found, _ = backend.discover_instances("corp.test", "web", health_status=status)
            return {one.instance_id for one in found}

    assert (discovered(), discovered("ALL")) == ({"one"}, {"one", "two"})
    judge("two", "HEALTHY")
    judge("one", "UNHEALTHY")
    assert records(served, place) == {("web.corp.test.", "A", "10.0.0.2")}
    judge("two", "UNHEALTHY")
    assert {value for *_, value in records(served, place)} == {"10.0.0.1", "10.0.0.2"}


def test_what_is_in_use_stays_and_a_namespace_takes_its_zone_along(
    served: Served, api: Any
) -> None:
    place = namespace(served)
    target = service(served, place)
    register(served, target, "one", "10.0.0.1")
    zone = api.get_namespace(Id=place)["Namespace"]["Properties"]["DnsProperties"]["HostedZoneId"]
    with pytest.raises(ClientError, match="ResourceInUse"):
        api.delete_service(Id=target)
    with pytest.raises(ClientError, match="ResourceInUse"):
        api.delete_namespace(Id=place)
    with pytest.raises(ClientError, match="can only be managed through AWS Cloud Map"):
        served.client("route53").delete_hosted_zone(Id=zone)
    assert api.get_service(Id=target)["Service"]["InstanceCount"] == 1
    api.deregister_instance(ServiceId=target, InstanceId="one")
    api.delete_service(Id=target)
    operation = api.delete_namespace(Id=place)["OperationId"]
    assert api.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS"
    zones = served.client("route53").list_hosted_zones()["HostedZones"]
    assert not any(one["Id"].endswith(zone) for one in zones)


def test_a_vpc_has_several_namespaces_and_lists_are_filtered(served: Served, api: Any) -> None:
    first, second = namespace(served), namespace(served, "other.test")
    ours, theirs = service(served, first), service(served, second)
    with pytest.raises(ClientError, match="NamespaceAlreadyExists"):
        api.create_private_dns_namespace(Name="corp.test", Vpc=served.vpc)
    with pytest.raises(ClientError, match="ServiceAlreadyExists"):
        service(served, first)
    filters = [{"Name": "NAMESPACE_ID", "Values": [first], "Condition": "EQ"}]
    assert [one["Id"] for one in api.list_services(Filters=filters)["Services"]] == [ours]
    named = [{"Name": "NAME", "Values": ["other"], "Condition": "BEGINS_WITH"}]
    assert [one["Id"] for one in api.list_namespaces(Filters=named)["Namespaces"]] == [second]
    pages = api.get_paginator("list_services").paginate(PaginationConfig={"PageSize": 1})
    assert {one["Id"] for page in pages for one in page["Services"]} == {ours, theirs}


def test_what_is_refused(served: Served, api: Any) -> None:
    place = namespace(served)
    target = service(served, place)
    with pytest.raises(ClientError, match="AWS_INSTANCE_PORT is required"):
        api.register_instance(
            ServiceId=target,
            InstanceId="one",
            CreatorRequestId="one",
            Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"},
        )
    register(served, target, "one", "10.0.0.1")
    with pytest.raises(ClientError, match="CustomHealthNotFound"):
        api.update_instance_custom_health_status(
            ServiceId=target, InstanceId="one", Status="UNHEALTHY"
        )
    with pytest.raises(ClientError, match="no HealthCheckConfig"):
        service(served, place, "checked", HealthCheckConfig={"Type": "HTTP"})
    with pytest.raises(ClientError, match="vpc-nowhere"):
        api.create_private_dns_namespace(Name="x.test", Vpc="vpc-nowhere")
