"""Route 53's health checks: real probes from the internet of the region, and what depends on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.dns import Client
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually
from tests.support.web import Site
from tests.support.zones import HostedZone, alias, record

pytestmark = pytest.mark.region

Check = Callable[..., str]


@pytest.fixture
def zone(region: TestRegion) -> Iterator[HostedZone]:
    made = HostedZone.create(region.client("route53"))
    yield made
    made.clear()


@pytest.fixture
def check(region: TestRegion, zone: HostedZone) -> Iterator[Check]:
    """CreateHealthCheck every 10 seconds of region time, after one failure → its id."""
    client, made = region.client("route53"), list[str]()

    def create(kind: str = "HTTP", **config: Any) -> str:
        probing = {} if kind == "CALCULATED" else {"RequestInterval": 10, "FailureThreshold": 1}
        answer = client.create_health_check(
            CallerReference=f"{zone.name}-{len(made)}",
            HealthCheckConfig={"Type": kind, **probing, **config},
        )
        made.append(answer["HealthCheck"]["Id"])
        return made[-1]

    yield create
    for one in made:
        client.delete_health_check(HealthCheckId=one)


@pytest.fixture
def web(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """A task that answers to the internet on port 3000: its ARN and public address."""
    task = scenario.run(scenario.define("web:1", ["checked"]))
    scenario.wait(task, "RUNNING")
    scenario.wait_for_output(task, 1)
    yield task, public_address(scenario, task)
    scenario.stop(task)


def public_address(scenario: Scenario, task: str) -> str:
    """Of a task's network interface."""
    found = scenario.region.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "private-ip-address", "Values": [scenario.address(task)]}]
    )["NetworkInterfaces"][0]
    return str(found["Association"]["PublicIp"])


def status(region: TestRegion, check_id: str) -> str:
    """What the one checker said last; empty before the first probe."""
    seen = region.client("route53").get_health_check_status(HealthCheckId=check_id)
    found = seen["HealthCheckObservations"]
    return str(found[0]["StatusReport"]["Status"]) if found else ""


def says(region: TestRegion, check_id: str, words: str, seconds: float = 15) -> str:
    """Wait until a check's status has some words → the status."""

    def look() -> str:
        said = status(region, check_id)
        return said if words in said else ""

    return eventually(look, f"{check_id} says {words}", seconds)


def test_checks_see_what_an_endpoint_answers(
    region: TestRegion, web: tuple[str, str], check: Check
) -> None:
    _, address = web
    at = {"IPAddress": address, "Port": 3000}
    well = check(**at, ResourcePath="/healthcheck")
    failing = check(**at, ResourcePath="/fail")
    tcp = check("TCP", **at)
    match = check("HTTP_STR_MATCH", **at, SearchString='"name": "checked"')
    no_match = check("HTTP_STR_MATCH", **at, SearchString="something else")
    tls = check("HTTPS", **at)
    nobody = check("TCP", IPAddress=address, Port=3999)
    assert says(region, well, "Success") == "Success: HTTP Status Code 200, OK"
    assert "Failure: HTTP Status Code 500" in says(region, failing, "Failure")
    assert "Success" in says(region, tcp, "TCP connection")
    assert "Success" in says(region, match, "HTTP Status")
    assert "did not contain the string" in says(region, no_match, "Failure")
    assert "SSL handshake" in says(region, tls, "Failure")
    assert "Connection refused" in says(region, nobody, "Failure")
    reason = region.client("route53").get_health_check_last_failure_reason(HealthCheckId=failing)
    assert "500" in reason["HealthCheckObservations"][0]["StatusReport"]["Status"]


TLS = """
import os, ssl, http.server, tempfile, pathlib
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"named {self.connection.named} for {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
file = pathlib.Path(tempfile.mkdtemp()) / "both.pem"
file.write_text(os.environ["PEM"])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(file)
context.sni_callback = lambda connection, name, _: setattr(connection, "named", name)
server = http.server.HTTPServer(("0.0.0.0", 3000), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("serving", flush=True)
server.serve_forever()
"""


def test_https_is_checked_by_the_name_and_without_validation(
    scenario: Scenario, region: TestRegion, zone: HostedZone, check: Check
) -> None:
    definition = scenario.define("psql:1", [TLS], environment=[{"name": "PEM", "value": pem()}])
    task = scenario.run(definition)
    scenario.wait(task, "RUNNING")
    scenario.wait_for_output(task, 1)
    zone.put(record(f"tls.{zone.name}", "A", public_address(scenario, task)))
    at = {"FullyQualifiedDomainName": f"tls.{zone.name}", "Port": 3000}
    words = f"named tls.{zone.name} for tls.{zone.name}:3000"
    assert "Success" in says(region, check("HTTPS_STR_MATCH", **at, SearchString=words), "HTTP")
    nameless = f"named None for tls.{zone.name}"
    without = check("HTTPS_STR_MATCH", **at, SearchString=nameless, EnableSNI=False)
    assert "Success" in says(region, without, "HTTP")
    scenario.stop(task)


def pem() -> str:
    """A key and a certificate that nobody vouches for and that expired long ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 2, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none)
    return (private + made.public_bytes(encoding)).decode()


def test_security_groups_decide_whether_a_check_gets_in(
    scenario: Scenario, region: TestRegion, web: tuple[str, str], check: Check
) -> None:
    ec2 = region.client("ec2")
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    group = ec2.create_security_group(GroupName="checked", Description="x", VpcId=scenario.vpc)
    private = scenario.address(web[0])
    (eni,) = ec2.describe_network_interfaces(
        Filters=[{"Name": "private-ip-address", "Values": [private]}]
    )["NetworkInterfaces"]
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni["NetworkInterfaceId"], Groups=[group["GroupId"]]
    )
    one = check("HTTP", IPAddress=web[1], Port=3000)
    assert "timed out" in says(region, one, "Failure")
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=everything)
    says(region, one, "Success")
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni["NetworkInterfaceId"], Groups=[scenario.group]
    )
    ec2.delete_security_group(GroupId=group["GroupId"])


def test_answers_fail_over_when_a_check_really_fails_and_come_back(
    scenario: Scenario,
    region: TestRegion,
    zone: HostedZone,
    web: tuple[str, str],
    check: Check,
) -> None:
    dns, name = Client(region.record.dns), f"app.{zone.name}"
    zone.put(record(f"origin.{zone.name}", "A", web[1]))
    one = check(
        FullyQualifiedDomainName=f"origin.{zone.name}", Port=3000, ResourcePath="/healthcheck"
    )
    zone.put(
        record(name, "A", "192.0.2.1", SetIdentifier="a", Failover="PRIMARY", HealthCheckId=one),
        record(name, "A", "192.0.2.2", SetIdentifier="b", Failover="SECONDARY"),
    )
    says(region, one, "Success")
    assert dns.ask(name).values() == ["192.0.2.1"]
    scenario.stop(web[0])
    eventually(lambda: dns.ask(name).values() == ["192.0.2.2"], "the secondary answers", 20)
    assert "Failure" in status(region, one)
    client = region.client("route53")
    client.update_health_check(HealthCheckId=one, Inverted=True)
    eventually(lambda: dns.ask(name).values() == ["192.0.2.1"], "inverted: it is well")
    client.update_health_check(HealthCheckId=one, Inverted=False, Disabled=True)
    assert dns.ask(name).values() == ["192.0.2.1"]
    client.update_health_check(HealthCheckId=one, Disabled=False)
    eventually(lambda: dns.ask(name).values() == ["192.0.2.2"], "checked again")


def test_a_calculated_check_counts_its_children(
    region: TestRegion, zone: HostedZone, web: tuple[str, str], check: Check
) -> None:
    dns, name = Client(region.record.dns), f"calc.{zone.name}"
    well = check("TCP", IPAddress=web[1], Port=3000)
    sick = check("TCP", IPAddress=web[1], Port=3999)
    parent = check("CALCULATED", ChildHealthChecks=[well, sick], HealthThreshold=1)
    zone.put(
        record(name, "A", "192.0.2.1", SetIdentifier="a", Weight=1, HealthCheckId=parent),
        record(name, "A", "192.0.2.2", SetIdentifier="b", Weight=0),
    )
    says(region, sick, "Failure")
    assert dns.ask(name).values() == ["192.0.2.1"]
    region.client("route53").update_health_check(HealthCheckId=parent, HealthThreshold=2)
    eventually(lambda: dns.ask(name).values() == ["192.0.2.2"], "one child is too few")


def test_an_alias_is_as_healthy_as_its_load_balancer(
    scenario: Scenario, region: TestRegion, zone: HostedZone
) -> None:
    dns, site = Client(region.record.dns), Site.build(scenario)
    site.url()
    found = region.client("elbv2").describe_load_balancers(LoadBalancerArns=[site.balancer])
    lb = found["LoadBalancers"][0]
    name = f"lb.{zone.name}"
    first = alias(
        name,
        lb["CanonicalHostedZoneId"],
        lb["DNSName"],
        evaluate=True,
        SetIdentifier="a",
        Failover="PRIMARY",
    )
    zone.put(first, record(name, "A", "192.0.2.2", SetIdentifier="b", Failover="SECONDARY"))
    assert dns.ask(name).values() == ["192.0.2.2"], "no target is registered"
    service = site.service("aliased", scenario.define("web:1", ["aliased"]), 1)
    site.wait_healthy(1)
    eventually(lambda: dns.ask(name).values() == ["127.0.0.1"], "a target is healthy")
    ecs = region.client("ecs")
    ecs.update_service(cluster=scenario.cluster, service=service, desiredCount=0)
    eventually(lambda: dns.ask(name).values() == ["192.0.2.2"], "none is left", 20)
    ecs.delete_service(cluster=scenario.cluster, service=service, force=True)
    site.delete()


def test_what_the_region_cannot_check_is_refused(region: TestRegion, check: Check) -> None:
    alarm = {"AlarmIdentifier": {"Region": "us-east-1", "Name": "x"}}
    with pytest.raises(ClientError, match="does not have health checks of type CLOUDWATCH_METRIC"):
        check("CLOUDWATCH_METRIC", **alarm)
    for address in ("10.0.0.1", "127.0.0.1", "169.254.1.1"):
        with pytest.raises(ClientError, match="InvalidInput"):
            check("TCP", IPAddress=address, Port=80)
