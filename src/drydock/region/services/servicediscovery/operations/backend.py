"""The Cloud Map backend: registered instances have records in the namespace's hosted zone.

moto 5.2.5: zones get another name, no VPC and no records, and stay when their namespace is deleted;
a VPC has one namespace; names may be duplicates; a service with instances is deleted; an instance
that is registered again exists twice; lists are not filtered; a service forgets its namespace where
DnsConfig names it. https://docs.aws.amazon.com/cloud-map/latest/api/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import RecordSet, route53_backends
from moto.servicediscovery.models import Namespace, Service, ServiceDiscoveryBackend
from moto.utilities.utils import get_partition

from drydock.region.api import changes
from drydock.region.services.servicediscovery.operations import problems
from drydock.region.services.servicediscovery.operations.names import Found, lacks, record_sets

if TYPE_CHECKING:
    from drydock.region.services.route53 import Route53Backend

Json = dict[str, Any]
_OWN = frozenset({"NS", "SOA"})
_INITIAL = "AWS_INIT_HEALTH_STATUS"


class CloudMapBackend(ServiceDiscoveryBackend):
    """The Cloud Map backend of the API, used by clients and by ECS."""

    @property
    def _route53(self) -> Route53Backend:
        backends: Any = route53_backends[self.account_id]
        return backends[get_partition(self.region_name)]  # type: ignore[no-any-return]

    # -- namespaces

    def create_http_namespace(
        self, name: str, creator_request_id: str, description: str, tags: list[dict[str, str]]
    ) -> str:
        self._check_new(name, "HTTP", None)
        return super().create_http_namespace(name, creator_request_id, description, tags)

    def create_private_dns_namespace(
        self,
        name: str,
        creator_request_id: str,
        description: str,
        vpc: str,
        tags: list[dict[str, str]],
        properties: Json,
    ) -> str:
        """CreatePrivateDnsNamespace, with its private hosted zone."""
        self._check_new(name, "DNS_PRIVATE", vpc)
        return self._create_dns(
            "DNS_PRIVATE", name, creator_request_id, description, vpc, tags, properties
        )

    def create_public_dns_namespace(
        self,
        name: str,
        creator_request_id: str,
        description: str,
        tags: list[dict[str, str]],
        properties: Json,
    ) -> str:
        """CreatePublicDnsNamespace, with its public hosted zone."""
        self._check_new(name, "DNS_PUBLIC", None)
        return self._create_dns(
            "DNS_PUBLIC", name, creator_request_id, description, None, tags, properties
        )

    def _create_dns(
        self,
        kind: str,
        name: str,
        creator: str,
        description: str,
        vpc: str | None,
        tags: list[dict[str, str]],
        properties: Json,
    ) -> str:
        namespace = Namespace(
            account_id=self.account_id,
            region=self.region_name,
            name=name,
            ns_type=kind,
            creator_request_id=creator,
            description=description,
            dns_properties={},
            http_properties={"HttpName": name},
            vpc=vpc,
        )
        try:
            zone = self._route53.create_hosted_zone(
                name,
                private_zone=bool(vpc),
                caller_reference=str(mock_random.uuid4()),
                vpcid=vpc,
                vpcregion=self.region_name if vpc else None,
                comment=description,
            )
        except Route53ClientError as error:
            raise problems.InvalidInput(str(error.message)) from error
        zone.linked = namespace.arn
        soa = ((properties or {}).get("DnsProperties") or {}).get("SOA") or {"TTL": 15}
        namespace.dns_properties = {"HostedZoneId": zone.resource_id, "SOA": soa}
        changes.touch("route53")
        self.namespaces[namespace.id] = namespace
        if tags:
            self.tagger.tag_resource(namespace.arn, tags)
        return self._create_operation("CREATE_NAMESPACE", targets={"NAMESPACE": namespace.id})

    def _check_new(self, name: str, kind: str, vpc: str | None) -> None:
        for one in self.namespaces.values():
            if (one.name, one.type, one.vpc) == (name, kind, vpc):
                raise problems.namespace_exists(name, one.id)

    def get_namespace(self, namespace_id: str) -> Namespace:
        """Return a namespace by id or ARN. Raises NamespaceNotFound."""
        return super().get_namespace(namespace_id.rsplit("/", maxsplit=1)[-1])

    def delete_namespace(self, namespace_id: str) -> str:
        """DeleteNamespace, with its zone. Raises ResourceInUse while it has services."""
        namespace = self.get_namespace(namespace_id)
        if any(one.namespace_id == namespace.id for one in self.services.values()):
            raise problems.in_use(
                f"Namespace {namespace.id} has associated services. Delete them first."
            )
        if zone := self._zone(namespace):
            self._route53.resource_tags.pop(zone.resource_id, None)
            self._route53.zones.pop(zone.resource_id)
            changes.touch("route53")
        return super().delete_namespace(namespace.id)

    def update_private_dns_namespace(
        self, _id: str, description: str, properties: Json | None
    ) -> str:
        """UpdatePrivateDnsNamespace; moto 5.2.5 loses the zone when the SOA record changes."""
        return super().update_private_dns_namespace(
            _id, description, self._with_zone(_id, properties)
        )

    def update_public_dns_namespace(
        self, _id: str, description: str, properties: Json | None
    ) -> str:
        """UpdatePublicDnsNamespace."""
        return super().update_public_dns_namespace(
            _id, description, self._with_zone(_id, properties)
        )

    def _with_zone(self, namespace_id: str, properties: Json | None) -> Json:
        return {**self.get_namespace(namespace_id).dns_properties, **(properties or {})}

    def list_operations(self) -> Iterable[Any]:
        """ListOperations; moto 5.2.5 forgets those of deleted namespaces, also in GetOperation."""
        return list(self.operations.values())

    def _zone(self, namespace: Namespace) -> Any:
        return self._route53.zones.get(str(namespace.dns_properties.get("HostedZoneId")))

    # -- services

    def create_service(
        self,
        name: str,
        namespace_id: str,
        creator_request_id: str,
        description: str,
        dns_config: Json | None,
        health_check_config: Json | None,
        health_check_custom_config: Json | None,
        tags: list[dict[str, str]],
        service_type: str | None,
    ) -> Service:
        """CreateService; found by DNS unless its namespace or its type is HTTP."""
        namespace = self.get_namespace(namespace_id or str((dns_config or {}).get("NamespaceId")))
        _check_health(health_check_config)
        for one in self.services.values():
            if one.namespace_id == namespace.id and one.name.lower() == name.lower():
                raise problems.service_exists(name, one.id)
        if dns_config is not None:
            if namespace.type == "HTTP":
                raise problems.InvalidInput("An HTTP namespace's services have no DnsConfig.")
            dns_config = {"RoutingPolicy": "MULTIVALUE", "NamespaceId": namespace.id, **dns_config}
        if health_check_custom_config is not None:
            health_check_custom_config = {"FailureThreshold": 1}
        return super().create_service(
            name,
            namespace.id,
            creator_request_id,
            description,
            dns_config,  # type: ignore[arg-type]
            health_check_config,  # type: ignore[arg-type]
            health_check_custom_config,  # type: ignore[arg-type]
            tags,
            service_type or ("HTTP" if dns_config is None else "DNS_HTTP"),
        )

    def get_service(self, service_id: str) -> Service:
        """Return a service by id or ARN. Raises ServiceNotFound."""
        return super().get_service(service_id.rsplit("/", maxsplit=1)[-1])

    def update_service(self, service_id: str, details: Json) -> str:
        """UpdateService: its description and its DNS records."""
        service = self.get_service(service_id)
        _check_health(details.get("HealthCheckConfig"))
        before = service.dns_config
        operation = super().update_service(service.id, details)
        if before is not None and service.dns_config is None and "DnsConfig" not in details:
            service.dns_config = {**before, "DnsRecords": []}
        self.show(service)
        return operation

    def delete_service(self, service_id: str) -> None:
        """DeleteService. Raises ResourceInUse while it has instances."""
        service = self.get_service(service_id)
        if service.instances:
            raise problems.in_use(
                "Service contains registered instances; delete the instances before deleting the "
                "service"
            )
        super().delete_service(service.id)

    # -- instances

    def register_instance(
        self, service_id: str, instance_id: str, creator_request_id: str, attributes: dict[str, str]
    ) -> str:
        """RegisterInstance; replaces an instance with the same id."""
        service = self.get_service(service_id)
        if "AWS_ALIAS_DNS_NAME" in attributes or "AWS_EC2_INSTANCE_ID" in attributes:
            raise problems.InvalidInput(
                "The local region registers addresses and CNAMEs alone: AWS_ALIAS_DNS_NAME and "
                "AWS_EC2_INSTANCE_ID are not there."
            )
        if missing := lacks(_kinds(service), attributes):
            raise problems.InvalidInput(
                f"Attribute {missing} is required by the service's records."
            )
        kept = {key: value for key, value in attributes.items() if key != _INITIAL}
        service.instances = [one for one in service.instances if one.instance_id != instance_id]
        operation = super().register_instance(service.id, instance_id, creator_request_id, kept)
        if service.health_check_custom_config is not None:
            service.instances[-1].health_status = attributes.get(_INITIAL, "HEALTHY")
        self.show(service)
        return operation

    def deregister_instance(self, service_id: str, instance_id: str) -> str:
        """DeregisterInstance. Raises InstanceNotFound."""
        service = self.get_service(service_id)
        operation = super().deregister_instance(service.id, instance_id)
        self.show(service)
        return operation

    def update_instance_custom_health_status(
        self, service_id: str, instance_id: str, status: str
    ) -> None:
        """UpdateInstanceCustomHealthStatus. Raises CustomHealthNotFound, InstanceNotFound."""
        service = self.get_service(service_id)
        if service.health_check_custom_config is None:
            raise problems.no_custom_health(service.id)
        super().update_instance_custom_health_status(service.id, instance_id, status)
        self.show(service)

    def discover_instances(
        self,
        namespace_name: str,
        service_name: str,
        query_parameters: dict[str, str] | None = None,
        optional_parameters: dict[str, str] | None = None,
        health_status: str | None = None,
    ) -> tuple[list[Any], dict[str, int]]:
        """DiscoverInstances: by default healthy ones; all of services without custom health checks."""
        judged = any(
            one.health_check_custom_config is not None
            for one in self.services.values()
            if (self.namespaces[one.namespace_id].name, one.name) == (namespace_name, service_name)
        )
        wanted = (health_status or "HEALTHY") if judged else "ALL"
        return super().discover_instances(
            namespace_name, service_name, query_parameters, optional_parameters, wanted
        )

    def show(self, service: Service) -> None:
        """Update the records in the namespace's zone to match the registered instances."""
        namespace = self.namespaces[service.namespace_id]
        zone = self._zone(namespace)
        if zone is None:
            return
        wanted = [
            record
            for one in self.services.values()
            if one.namespace_id == namespace.id
            for record in record_sets(one.name, namespace.name, one.dns_config, _found(one))
        ]
        rrsets = [one for one in zone.rrsets if one.type in _OWN and one.name == zone.name]
        rrsets += [RecordSet(one) for one in wanted]  # type: ignore[abstract]
        if [vars(one) for one in rrsets] != [vars(one) for one in zone.rrsets]:
            zone.rrsets = rrsets
            zone.changed()
            changes.touch("route53")


def _found(service: Service) -> list[Found]:
    return [
        Found(one.instance_id, one.attributes, one.health_status != "UNHEALTHY")
        for one in service.instances
    ]


def _kinds(service: Service) -> list[str]:
    records = (service.dns_config or {}).get("DnsRecords") or ()
    return [str(one["Type"]) for one in records]


def _check_health(config: Json | None) -> None:
    if config:
        raise problems.InvalidInput(
            "The local region has no HealthCheckConfig (Route 53 health checks of instances): use "
            "HealthCheckCustomConfig."
        )
