"""The three-tier VPC that `infra/modules/network/scratch.tf` creates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drydock.errors import OpsError
from drydock.stack.quick.settings import Settings
from drydock.stack.quick.work import Work, ec2_tags, filters, when_free

TIERS = ("public", "private", "database")
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class SubnetPlan:
    name: str
    tier: str
    zone: str
    cidr: str


@dataclass(frozen=True)
class Network:
    """Ids of the VPC and its subnets, in the order of their zones."""

    vpc: str
    public: tuple[str, ...]
    database: tuple[str, ...]


def plan_subnets(settings: Settings, zones: list[str]) -> list[SubnetPlan]:
    """Return the subnets to create: each tier has a block of four sixteenths of the VPC. Pure."""
    ranges = settings.networks()
    return [
        SubnetPlan(f"{settings.prefix}-{tier}-{zone}", tier, zone, str(ranges[block * 4 + index]))
        for block, tier in enumerate(TIERS)
        for index, zone in enumerate(zones)
    ]


def ensure(work: Work) -> Network:
    """Create what is missing of the VPC and return its network."""
    ec2 = work.clients.ec2
    zones = _zones(work)
    vpc = _vpc(work)
    gateway = _gateway(work, vpc)
    plans = plan_subnets(work.settings, zones)
    subnets = {plan.name: _subnet(work, vpc, plan) for plan in plans}
    tables = {name: _table(work, vpc, name) for name in _table_names(work, zones)}
    public = tables[work.name("public")]
    if not any(route.get("DestinationCidrBlock") == ANYWHERE for route in public["Routes"]):
        ec2.create_route(
            RouteTableId=public["RouteTableId"], DestinationCidrBlock=ANYWHERE, GatewayId=gateway
        )
    for plan in plans:
        table = tables[plan.name if plan.tier == "private" else work.name(plan.tier)]
        _associate(work, table, subnets[plan.name])
    return Network(
        vpc,
        tuple(subnets[plan.name] for plan in plans if plan.tier == "public"),
        tuple(subnets[plan.name] for plan in plans if plan.tier == "database"),
    )


def find(work: Work) -> Network | None:
    """Return the network, or None if its VPC does not exist."""
    vpc = find_vpc(work)
    if vpc is None:
        return None
    found = work.clients.ec2.describe_subnets(Filters=filters(vpc_id=vpc))["Subnets"]
    found.sort(key=lambda one: one["AvailabilityZone"])

    def ids(tier: str) -> tuple[str, ...]:
        wanted = {"Key": "Tier", "Value": tier}
        return tuple(one["SubnetId"] for one in found if wanted in one.get("Tags", []))

    return Network(vpc, ids("public"), ids("database"))


def find_vpc(work: Work) -> str | None:
    wanted = filters(tag_Name=work.name(), tag_Application=work.settings.prefix)
    found = work.clients.ec2.describe_vpcs(Filters=wanted)["Vpcs"]
    return found[0]["VpcId"] if found else None


def remove(work: Work) -> None:
    """Remove the VPC and everything in it. Its security groups must be gone already."""
    ec2 = work.clients.ec2
    vpc = find_vpc(work)
    if vpc is None:
        return
    for table in ec2.describe_route_tables(Filters=filters(vpc_id=vpc))["RouteTables"]:
        _delete_table(work, table)
    for subnet in ec2.describe_subnets(Filters=filters(vpc_id=vpc))["Subnets"]:
        _delete_subnet(work, subnet["SubnetId"])
    attached = filters(**{"attachment.vpc-id": vpc})
    for gateway in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        _delete_gateway(work, gateway["InternetGatewayId"], vpc)
    _delete_vpc(work, vpc)
    work.removed(f"VPC {vpc}")


def _delete_table(work: Work, table: Any) -> None:
    """Delete a route table, unless it is the main one, which goes with its VPC."""
    if any(one.get("Main") for one in table["Associations"]):
        return
    for one in table["Associations"]:
        work.clients.ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
    work.clients.ec2.delete_route_table(RouteTableId=table["RouteTableId"])


def _delete_subnet(work: Work, subnet: str) -> None:
    def delete() -> bool:
        work.clients.ec2.delete_subnet(SubnetId=subnet)
        return True

    when_free(work, delete, subnet)


def _delete_gateway(work: Work, gateway: str, vpc: str) -> None:
    def detach() -> bool:
        work.clients.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        return True

    when_free(work, detach, gateway)
    work.clients.ec2.delete_internet_gateway(InternetGatewayId=gateway)


def _delete_vpc(work: Work, vpc: str) -> None:
    def delete() -> bool:
        work.clients.ec2.delete_vpc(VpcId=vpc)
        return True

    when_free(work, delete, vpc)


def _zones(work: Work) -> list[str]:
    usual = filters(opt_in_status="opt-in-not-required", state="available")
    found = work.clients.ec2.describe_availability_zones(Filters=usual)["AvailabilityZones"]
    names = sorted(zone["ZoneName"] for zone in found)
    if len(names) < work.settings.zones:
        raise OpsError(
            f"region {work.clients.region}",
            f"it has {len(names)} availability zones, not {work.settings.zones}",
            "set zones in TF_VAR_network to fewer, or choose another region",
        )
    return names[: work.settings.zones]


def _vpc(work: Work) -> str:
    if (found := find_vpc(work)) is not None:
        return found
    made = work.clients.ec2.create_vpc(
        CidrBlock=work.settings.vpc_cidr, TagSpecifications=ec2_tags("vpc", work.tags(work.name()))
    )
    work.made(f"VPC {made['Vpc']['VpcId']} ({work.settings.vpc_cidr})")
    return made["Vpc"]["VpcId"]


def _gateway(work: Work, vpc: str) -> str:
    ec2 = work.clients.ec2
    wanted = filters(tag_Name=work.name(), tag_Application=work.settings.prefix)
    found = ec2.describe_internet_gateways(Filters=wanted)["InternetGateways"]
    if not found:
        tags = ec2_tags("internet-gateway", work.tags(work.name()))
        found = [ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]]
        work.made("internet gateway")
    gateway = found[0]["InternetGatewayId"]
    if not found[0].get("Attachments"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def _subnet(work: Work, vpc: str, plan: SubnetPlan) -> str:
    ec2 = work.clients.ec2
    found = ec2.describe_subnets(Filters=filters(vpc_id=vpc, tag_Name=plan.name))["Subnets"]
    if found:
        return found[0]["SubnetId"]
    made = ec2.create_subnet(
        VpcId=vpc,
        AvailabilityZone=plan.zone,
        CidrBlock=plan.cidr,
        TagSpecifications=ec2_tags("subnet", work.tags(plan.name, Tier=plan.tier)),
    )
    work.made(f"subnet {plan.name} ({plan.cidr})")
    return made["Subnet"]["SubnetId"]


def _table_names(work: Work, zones: list[str]) -> list[str]:
    private = [work.name("private", zone) for zone in zones]
    return [work.name("public"), *private, work.name("database")]


def _table(work: Work, vpc: str, name: str) -> Any:
    ec2 = work.clients.ec2
    found = ec2.describe_route_tables(Filters=filters(vpc_id=vpc, tag_Name=name))["RouteTables"]
    if found:
        return found[0]
    tags = ec2_tags("route-table", work.tags(name))
    return ec2.create_route_table(VpcId=vpc, TagSpecifications=tags)["RouteTable"]


def _associate(work: Work, table: Any, subnet: str) -> None:
    if not any(one.get("SubnetId") == subnet for one in table.get("Associations", [])):
        work.clients.ec2.associate_route_table(RouteTableId=table["RouteTableId"], SubnetId=subnet)
