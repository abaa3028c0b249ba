"""Service Connect configurations: validated, published in Cloud Map, and frozen in each deployment.

moto 5.2.5 keeps none. ECS makes one Cloud Map service, of type HTTP, for every discovery name; its
instances are the tasks.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.models import TaskDefinition

from drydock.region.api import changes
from drydock.region.services.ecs.connect import Connect, Endpoint, Ingress

if TYPE_CHECKING:
    from drydock.region.services.ecs.records import Service
    from drydock.region.services.servicediscovery import CloudMapBackend

Json = dict[str, Any]

_HTTP_IDLE, _TCP_IDLE, _PER_REQUEST = 300.0, 3600.0, 15.0
"""Seconds; ECS's defaults (API_TimeoutConfiguration.html)."""


def enabled(configuration: Json | None) -> bool:
    return bool((configuration or {}).get("enabled"))


def default_namespace(cloud_map: CloudMapBackend, given: Json | None) -> Json | None:
    """Return a cluster's serviceConnectDefaults with the ARN; a new name makes an HTTP namespace."""
    name = (given or {}).get("namespace")
    if not name:
        return None
    found = _namespace(cloud_map, name)
    if found is None:
        if name.startswith("arn:"):
            raise _no_namespace(name)
        cloud_map.create_http_namespace(name, "", "", [])
        changes.touch("servicediscovery")
        found = _namespace(cloud_map, name)
    return {"namespace": found.arn}


def check(
    given: Json,
    arn: str,
    default: Json | None,
    definition: TaskDefinition,
    cloud_map: CloudMapBackend,
    services: Iterable[Service],
) -> Json:
    """Return the checked configuration of the service `arn`, with its namespace.

    `default`: the cluster's serviceConnectDefaults. Raises InvalidParameterException,
    NamespaceNotFoundException.
    """
    if not enabled(given):
        return given
    name = given.get("namespace") or (default or {}).get("namespace")
    if not name:
        raise InvalidParameterException(
            "Namespace must be specified for Service Connect: the cluster has no default one."
        )
    found = _namespace(cloud_map, name)
    if found is None:
        raise _no_namespace(name)
    names = []
    for entry in given.get("services") or ():
        _check_service(entry, definition)
        names.append(_discovery_name(entry))
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise InvalidParameterException(f"The discoveryName {twice} stands twice.")
    for other in _members(services, found.id, cloud_map):
        theirs = {_discovery_name(one) for one in _services(other)}
        if other.arn != arn and (taken := sorted(theirs.intersection(names))):
            raise InvalidParameterException(
                f"The discoveryName {taken[0]} is in use by the service {other.arn} of the namespace."
            )
    return {**given, "namespace": name}


def _check_service(entry: Json, definition: TaskDefinition) -> None:
    if entry.get("tls"):
        raise InvalidParameterException(
            "The local region has no TLS for Service Connect: there is no AWS Private CA. Leave tls out."
        )
    if _mapping(definition, entry.get("portName")) is None:
        raise InvalidParameterException(
            f"The portName {entry.get('portName')} is not a name of portMappings of the task "
            f"definition {definition.family}:{definition.revision}."
        )
    if len(entry.get("clientAliases") or ()) > 1:
        raise InvalidParameterException("clientAliases can have at most 1 items.")


def namespace_id(cloud_map: CloudMapBackend, configuration: Json | None) -> str:
    """Return Cloud Map's id of the namespace; empty if it is gone or Service Connect is not
    enabled.
    """
    if not enabled(configuration):
        return ""
    found = _namespace(cloud_map, str((configuration or {}).get("namespace")))
    return str(found.id) if found is not None else ""


def publish(
    service: Service,
    definition: TaskDefinition,
    cloud_map: CloudMapBackend,
    others: Iterable[tuple[Service, TaskDefinition]],
) -> tuple[Connect, list[Json]] | None:
    """Make in Cloud Map what a new deployment of `service` needs.

    Return its tasks' Service Connect data and the serviceConnectResources; None without Service
    Connect.
    """
    configuration = service.service_connect_configuration
    place = namespace_id(cloud_map, configuration)
    if not place:
        return None
    registries = {
        _discovery_name(one): _registry(cloud_map, place, _discovery_name(one), service)
        for one in _services(service)
    }
    known = [(service, definition)]
    known += [pair for pair in others if pair[0].arn != service.arn]
    endpoints = [
        endpoint
        for one, its in known
        if namespace_id(cloud_map, one.service_connect_configuration) == place
        for endpoint in _endpoints(place, cloud_map.namespaces[place].name, one, its)
    ]
    connect = Connect(
        endpoints=tuple(endpoints),
        ingress=tuple(_ingress(service, definition)),
        published=tuple(
            (registries[_discovery_name(one)].arn, _served_port(one, definition))
            for one in _services(service)
        ),
        attachments=tuple(_attachment(one) for one in _services(service)),
        log=(configuration or {}).get("logConfiguration"),
    )
    resources = [
        {"discoveryName": name, "discoveryArn": registries[name].arn} for name in registries
    ]
    return connect, resources


def withdraw(service: Service, cloud_map: CloudMapBackend) -> None:
    """Delete the Cloud Map services that no deployment of a service publishes any more."""
    used = {arn for one in service.deployments if one.connect for arn, _ in one.connect.published}
    for arn in service.discovery_services:
        found = cloud_map.services.get(arn.rsplit("/", maxsplit=1)[-1])
        if arn in used or (found is not None and found.instances):
            continue
        if found is not None:
            cloud_map.delete_service(found.id)
            changes.touch("servicediscovery")
        service.discovery_services = tuple(one for one in service.discovery_services if one != arn)


def in_namespace(wanted: str, services: Iterable[Service], cloud_map: CloudMapBackend) -> list[str]:
    """Run ListServicesByNamespace, by name or ARN. Raises NamespaceNotFoundException."""
    found = _namespace(cloud_map, wanted)
    if found is None:
        raise _no_namespace(wanted)
    return sorted(one.arn for one in _members(services, found.id, cloud_map))


def _members(
    services: Iterable[Service], place: str, cloud_map: CloudMapBackend
) -> Iterable[Service]:
    for one in services:
        if one.status == "INACTIVE":
            continue
        if namespace_id(cloud_map, one.service_connect_configuration) == place:
            yield one


def _services(service: Service) -> list[Json]:
    return list((service.service_connect_configuration or {}).get("services") or ())


def _discovery_name(entry: Json) -> str:
    return str(entry.get("discoveryName") or entry.get("portName"))


def _namespace(cloud_map: CloudMapBackend, name: str) -> Any:
    """Find a namespace by ARN or name; of several with one name, the first."""
    known = cloud_map.namespaces.values()
    return next((one for one in known if name in (one.arn, one.name)), None)


def _no_namespace(name: str) -> ECSException:
    return ECSException("NamespaceNotFoundException", f"The namespace {name} is not there.")


def _registry(cloud_map: CloudMapBackend, place: str, name: str, service: Service) -> Any:
    for one in cloud_map.services.values():
        if (one.namespace_id, one.name) == (place, name):
            return one
    made = cloud_map.create_service(
        name, place, "", f"Service Connect of {service.arn}", None, None, {}, [], "HTTP"
    )
    changes.touch("servicediscovery")
    service.discovery_services = (*service.discovery_services, made.arn)
    return made


def _mapping(definition: TaskDefinition, name: str | None) -> Mapping[str, Any] | None:
    containers: list[Json] = definition.container_definitions
    mappings = (one for each in containers for one in each.get("portMappings") or ())
    return next((one for one in mappings if name and one.get("name") == name), None)


def _protocol(entry: Json, definition: TaskDefinition) -> str:
    return str((_mapping(definition, entry.get("portName")) or {}).get("appProtocol") or "tcp")


def _container_port(entry: Json, definition: TaskDefinition) -> int:
    return int((_mapping(definition, entry.get("portName")) or {}).get("containerPort") or 0)


def _served_port(entry: Json, definition: TaskDefinition) -> int:
    return int(entry.get("ingressPortOverride") or _container_port(entry, definition))


def _times(entry: Json, protocol: str) -> tuple[float, float]:
    """Return the idle and the per-request timeout in seconds."""
    given = entry.get("timeout") or {}
    idle = given.get("idleTimeoutSeconds")
    wait = given.get("perRequestTimeoutSeconds")
    http = protocol != "tcp"
    default = _HTTP_IDLE if http else _TCP_IDLE
    return (
        float(default if idle is None else idle),
        float((_PER_REQUEST if http else 0) if wait is None else wait),
    )


def _endpoints(
    place: str, namespace: str, service: Service, definition: TaskDefinition
) -> Iterable[Endpoint]:
    for entry in _services(service):
        protocol, name = _protocol(entry, definition), _discovery_name(entry)
        idle, wait = _times(entry, protocol)
        aliases = entry.get("clientAliases") or [{}]
        yield Endpoint(
            namespace=place,
            discovery_name=name,
            dns_name=str(aliases[0].get("dnsName") or f"{name}.{namespace}"),
            port=int(aliases[0].get("port") or _container_port(entry, definition)),
            protocol=protocol,
            idle=idle,
            per_request=wait,
        )


def _ingress(service: Service, definition: TaskDefinition) -> Iterable[Ingress]:
    for entry in _services(service):
        own = _container_port(entry, definition)
        if (port := _served_port(entry, definition)) != own:
            protocol = _protocol(entry, definition)
            yield Ingress(port, own, protocol, _times(entry, protocol)[0])


def _attachment(entry: Json) -> tuple[tuple[str, str], ...]:
    """Return an attachment as a task shows it (API_Attachment.html)."""
    shown = {
        "portName": str(entry.get("portName")),
        "discoveryName": _discovery_name(entry),
        "clientAliases": json.dumps(entry.get("clientAliases") or []),
    }
    if override := entry.get("ingressPortOverride"):
        shown["ingressPortOverride"] = str(override)
    return tuple(shown.items())
