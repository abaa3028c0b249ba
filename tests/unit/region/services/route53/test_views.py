"""What the API's records make of names, for a VPC, for the host and for the internet."""

from __future__ import annotations

from typing import Any

from drydock.region.dataplane.dns.answering import Answer, resolve
from drydock.region.dataplane.dns.model import View
from drydock.region.dataplane.dns.names import labels
from drydock.region.services.elbv2 import Health
from drydock.region.services.route53.names import aws, views
from drydock.region.services.route53.names.views import Records
from tests.support.served import REGION, Served
from tests.support.zones import HostedZone, record


def records(served: Served) -> Records:
    with served.store.locked():
        return Records.of(served.store)


def ask(view: View, name: str, kind: str = "A") -> Answer:
    return resolve(view, labels(name), kind)


def values(view: View, name: str, kind: str = "A") -> list[str]:
    return [one.value for one in ask(view, name, kind).records]


def described(served: Served, name: str) -> dict[str, Any]:
    found = served.client("elbv2").describe_load_balancers(Names=[name])["LoadBalancers"]
    return dict(found[0])


def test_a_load_balancer_is_on_loopback_for_the_host_and_on_its_nodes_for_others(
    served: Served,
) -> None:
    served.balancer("web")
    name = described(served, "web")["DNSName"]
    of = records(served)
    host, vpc, internet = views.of_host(of), views.of_vpc(of, served.vpc), views.internet(of)
    for one in (name, name.upper(), f"dualstack.{name}"):
        assert values(host, one) == ["127.0.0.1"]
        assert len(values(vpc, one)) == 3
        assert "127.0.0.1" not in values(internet, one)
    assert (ask(host, name, "AAAA").code, values(host, name, "AAAA")) == ("NOERROR", [])


def test_an_internal_load_balancer_has_no_address_on_the_host(served: Served) -> None:
    served.client("elbv2").create_load_balancer(
        Name="inner", Subnets=served.subnets[:2], Scheme="internal"
    )
    name = described(served, "inner")["DNSName"]
    of = records(served)
    assert (ask(views.of_host(of), name).code, values(views.of_host(of), name)) == ("NOERROR", [])
    assert all(one.startswith("172.31.") for one in values(views.of_vpc(of, served.vpc), name))


def test_what_is_not_for_the_host_is_not_there(served: Served) -> None:
    of = records(served)
    host = views.of_host(of)
    assert ask(host, f"db.x.{REGION}.rds.amazonaws.com").code == "NXDOMAIN"
    assert ask(host, f"ip-172-31-0-4.{REGION}.compute.internal").code == "REFUSED"
    assert values(host, f"ecs.{REGION}.amazonaws.com") == ["127.0.0.1"]
    assert values(views.internet(of), f"ecs.{REGION}.amazonaws.com") != ["127.0.0.1"]
    assert ask(views.of_vpc(of, served.vpc), "www.example.org").code == "NXDOMAIN"


def test_a_load_balancer_is_healthy_when_each_of_its_target_groups_has_a_healthy_target(
    served: Served,
) -> None:
    balancer, group = served.balancer("web")
    name = labels(described(served, "web")["DNSName"])
    elb = served.store.backend("elbv2")

    def sick() -> bool:
        with served.store.locked():
            return name in aws.sick_balancers(elb)

    assert sick(), "no target is registered"
    target = {"Id": "172.31.0.9", "Port": 3000}
    served.client("elbv2").register_targets(TargetGroupArn=group, Targets=[target])
    assert sick(), "none was seen to be healthy"
    with served.store.changing("elbv2"):
        record_of_group: Any = elb.target_groups[group]
        record_of_group.observe(("172.31.0.9", 3000), Health("healthy"))
    assert not sick()
    with served.store.changing("elbv2"):
        record_of_group.observe(("172.31.0.9", 3000), Health("unhealthy", "Target.Timeout"))
    assert sick()
    (listener,) = served.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    served.client("elbv2").delete_listener(ListenerArn=listener["ListenerArn"])
    assert not sick(), "it has no target group"


def test_a_private_zone_needs_dns_hostnames_and_its_vpc(served: Served) -> None:
    ec2, client = served.client("ec2"), served.client("route53")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zone = HostedZone.create(client, "in.test", VPC={"VPCId": vpc, "VPCRegion": REGION})
    zone.upsert(record("*.in.test", "A", "10.9.0.9"))
    assert ask(views.of_vpc(records(served), vpc), "a.in.test").code == "NXDOMAIN"
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    of = records(served)
    assert values(views.of_vpc(of, vpc), "a.in.test") == ["10.9.0.9"]
    assert ask(views.of_vpc(of, served.vpc), "a.in.test").code == "NXDOMAIN"
    assert ask(views.of_host(of), "a.in.test").code == "REFUSED"


def test_a_view_knows_the_version_of_each_hosted_zone(served: Served) -> None:
    zone = HostedZone.create(served.client("route53"), "example.test")
    assert views.of_host(records(served)).versions[zone.id] == 1
    zone.upsert(record("a.example.test", "A", "192.0.2.1"))
    assert views.of_host(records(served)).versions[zone.id] == 2
