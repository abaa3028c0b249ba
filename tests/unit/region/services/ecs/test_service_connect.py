"""Service Connect in the API: what is refused, what is made in Cloud Map, what deployments know."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.services.ecs.connect import Endpoint
from drydock.region.services.ecs.operations import service_connect
from drydock.region.services.ecs.records import Service
from tests.support.served import Served

HTTP = {"name": "http", "containerPort": 3000, "appProtocol": "http"}


@pytest.fixture
def ecs(served: Served) -> Any:
    return served.client("ecs")


@pytest.fixture
def common(served: Served, ecs: Any) -> dict[str, Any]:
    """What CreateService needs; the cluster has a default namespace."""
    ecs.create_cluster(clusterName="app", serviceConnectDefaults={"namespace": "calls"})
    ecs.register_task_definition(
        family="app",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "web:1", "portMappings": [HTTP]}],
    )
    return {
        "cluster": "app",
        "taskDefinition": "app",
        "launchType": "FARGATE",
        "desiredCount": 0,
        "networkConfiguration": served.network,
    }


def connected(*services: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"enabled": True, "services": list(services), **more}


def kept(served: Served, name: str) -> Service:
    with served.store.locked():
        return served.store.backend("ecs").services[f"app:{name}"]


def endpoints(service: Service) -> list[Endpoint]:
    """Those that the primary deployment's tasks know."""
    assert service.primary.connect is not None
    return list(service.primary.connect.endpoints)


def test_a_name_of_a_clusters_default_namespace_is_made_an_http_namespace(
    served: Served, ecs: Any, common: dict[str, Any]
) -> None:
    (namespace,) = served.client("servicediscovery").list_namespaces()["Namespaces"]
    assert (namespace["Name"], namespace["Type"]) == ("calls", "HTTP")
    cluster = ecs.describe_clusters(clusters=["app"])["clusters"][0]
    assert cluster["serviceConnectDefaults"] == {"namespace": namespace["Arn"]}


def test_an_endpoint_is_a_service_of_cloud_map_until_its_service_is_gone(
    served: Served, ecs: Any, common: dict[str, Any]
) -> None:
    api = served.client("servicediscovery")
    entry = {"portName": "http", "discoveryName": "store"}
    made = ecs.create_service(
        **common, serviceName="store", serviceConnectConfiguration=connected(entry)
    )["service"]
    (registry,) = api.list_services()["Services"]
    assert (registry["Name"], registry["Type"]) == ("store", "HTTP")
    resources = made["deployments"][0]["serviceConnectResources"]
    assert resources == [{"discoveryName": "store", "discoveryArn": registry["Arn"]}]

    ecs.update_service(
        cluster="app", service="store", serviceConnectConfiguration={"enabled": False}
    )
    service = kept(served, "store")
    service.deployments = [service.primary]
    with served.store.changing("servicediscovery"):
        service_connect.withdraw(service, served.store.backend("servicediscovery"))
    assert api.list_services()["Services"] == []


def test_a_deployment_knows_the_endpoints_that_were_there_when_it_began(
    served: Served, ecs: Any, common: dict[str, Any]
) -> None:
    ecs.create_service(**common, serviceName="early", serviceConnectConfiguration=connected())
    alias = {"port": 80, "dnsName": "store"}
    entry = {
        "portName": "http",
        "clientAliases": [alias],
        "timeout": {"idleTimeoutSeconds": 0, "perRequestTimeoutSeconds": 5},
    }
    ecs.create_service(**common, serviceName="store", serviceConnectConfiguration=connected(entry))
    early = kept(served, "early")
    assert endpoints(early) == []
    ecs.update_service(cluster="app", service="early", forceNewDeployment=True)
    (found,) = endpoints(early)
    assert found == Endpoint(found.namespace, "http", "store", 80, "http", 0.0, 5.0)


def test_without_an_alias_it_is_the_discovery_name_in_the_namespace(
    served: Served, ecs: Any, common: dict[str, Any]
) -> None:
    configuration = connected({"portName": "http", "ingressPortOverride": 4000})
    ecs.create_service(**common, serviceName="store", serviceConnectConfiguration=configuration)
    connect = kept(served, "store").primary.connect
    assert connect is not None
    (endpoint,) = connect.endpoints
    assert (endpoint.dns_name, endpoint.port) == ("http.calls", 3000)
    assert (endpoint.idle, endpoint.per_request) == (300.0, 15.0)
    assert connect.published[0][1] == 4000
    (door,) = connect.ingress
    assert (door.port, door.container_port) == (4000, 3000)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (connected({"portName": "grpc"}), "portName grpc"),
        (connected({"portName": "http", "tls": {"issuerCertificateAuthority": {}}}), "Private CA"),
        (connected(namespace="nowhere"), "NamespaceNotFound"),
        (connected({"portName": "http"}, {"portName": "http"}), "stands twice"),
        (connected({"portName": "http", "discoveryName": "taken"}), "in use"),
    ],
)
def test_what_cannot_be_is_refused(
    ecs: Any, common: dict[str, Any], configuration: dict[str, Any], words: str
) -> None:
    taken = connected({"portName": "http", "discoveryName": "taken"})
    ecs.create_service(**common, serviceName="first", serviceConnectConfiguration=taken)
    with pytest.raises(ClientError, match=words):
        ecs.create_service(
            **common, serviceName="second", serviceConnectConfiguration=configuration
        )
    assert len(ecs.list_services(cluster="app")["serviceArns"]) == 1


def test_a_cluster_without_a_namespace_gives_none(ecs: Any, common: dict[str, Any]) -> None:
    ecs.update_cluster(cluster="app", serviceConnectDefaults={"namespace": ""})
    with pytest.raises(ClientError, match="no default one"):
        ecs.create_service(**common, serviceName="x", serviceConnectConfiguration=connected())
