"""Certificates in a running region: proven in its Route 53, issued by its authority, used, renewed, kept."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from drydock.errors import RegionStartFailed
from drydock.region.dataplane.certificates import keys
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


class Domain:
    """A public hosted zone and the certificates of its names; `delete` leaves nothing."""

    def __init__(self, region: TestRegion, name: str) -> None:
        self.region, self.name = region, name
        self.acm, self.route53 = region.client("acm"), region.client("route53")
        self.zone = self._make_zone()
        self._records: list[dict[str, Any]] = []
        self._arns: list[str] = []

    def _make_zone(self, **more: Any) -> str:
        answer = self.route53.create_hosted_zone(
            Name=self.name, CallerReference=f"{self.name} {more}", **more
        )
        return str(answer["HostedZone"]["Id"])

    def request(self, *names: str, **more: Any) -> str:
        alternatives = {"SubjectAlternativeNames": list(names[1:])} if names[1:] else {}
        answer = self.acm.request_certificate(
            DomainName=names[0], ValidationMethod="DNS", **alternatives, **more
        )
        self._arns.append(answer["CertificateArn"])
        return self._arns[-1]

    def shown(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return found

    def prove(self, arn: str) -> None:
        """Make the records that the certificate asks for, each once."""
        options = self.shown(arn)["DomainValidationOptions"]
        for record in {
            one["ResourceRecord"]["Name"]: one["ResourceRecord"] for one in options
        }.values():
            self._change("UPSERT", record)

    def disprove(self) -> None:
        """Take every record back."""
        for record in {one["Name"]: one for one in self._records}.values():
            self._change("DELETE", record)
        self._records.clear()

    def _change(self, action: str, record: dict[str, Any]) -> None:
        wanted = {
            "Name": record["Name"],
            "Type": record["Type"],
            "TTL": 60,
            "ResourceRecords": [{"Value": record["Value"]}],
        }
        self.route53.change_resource_record_sets(
            HostedZoneId=self.zone,
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": wanted}]},
        )
        if action != "DELETE":
            self._records.append(record)

    def wait(self, arn: str, status: str = "ISSUED") -> dict[str, Any]:
        return eventually(
            lambda: found if (found := self.shown(arn))["Status"] == status else {},
            f"{arn} {status}",
        )

    def issued(self, *names: str, **more: Any) -> str:
        arn = self.request(*names, **more)
        self.prove(arn)
        self.wait(arn)
        return arn

    def delete(self) -> None:
        for arn in self._arns:
            self.acm.delete_certificate(CertificateArn=arn)
        self.disprove()
        self.route53.delete_hosted_zone(Id=self.zone)


@pytest.fixture(scope="module")
def domain(region: TestRegion) -> Iterator[Domain]:
    domain = Domain(region, "certificates.test")
    yield domain
    domain.delete()


@pytest.fixture(scope="module")
def balancer(region: TestRegion) -> Iterator[str]:
    place = Scenario.build(region, "certified", "10.67.0.0/16")
    elb = region.client("elbv2")
    arn = elb.create_load_balancer(
        Name="certified", Subnets=place.subnets, SecurityGroups=[place.group]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    yield arn
    elb.delete_load_balancer(LoadBalancerArn=arn)


def listen(region: TestRegion, balancer: str, certificate: str, port: int) -> str:
    answer = region.client("elbv2").create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=port,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    return str(answer["Listeners"][0]["ListenerArn"])


def verify(region: TestRegion, got: dict[str, Any], *names: str) -> x509.Certificate:
    """As a client does that trusts what `drydock region ca` prints, and nothing else."""
    root = x509.load_pem_x509_certificate(region.workspace.authority_certificate.read_bytes())
    leaf = x509.load_pem_x509_certificate(got["Certificate"].encode())
    between = x509.load_pem_x509_certificates(got["CertificateChain"].encode())[:-1]
    for name in names:
        verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(name))
        verifier.verify(leaf, between)
    return leaf


def test_a_certificate_is_issued_when_its_record_stands_in_a_public_zone(
    domain: Domain, region: TestRegion
) -> None:
    arn = domain.request(domain.name, f"*.{domain.name}")
    other = domain.request(f"elsewhere.{domain.name}", KeyAlgorithm="EC_prime256v1")
    with pytest.raises(ClientError, match="RequestInProgressException"):
        domain.acm.get_certificate(CertificateArn=arn)
    domain.prove(other)
    domain.wait(other)  # the controller has looked at both
    assert domain.shown(arn)["Status"] == "PENDING_VALIDATION"
    domain.prove(arn)
    found = domain.wait(arn)
    got = domain.acm.get_certificate(CertificateArn=arn)
    leaf = verify(region, got, domain.name, f"www.{domain.name}")
    assert int(found["Serial"].replace(":", ""), 16) == leaf.serial_number
    with pytest.raises(VerificationError):
        verify(region, got, "other.test")


def test_a_record_in_a_private_zone_proves_nothing(region: TestRegion) -> None:
    vpc = region.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    route53, acm = region.client("route53"), region.client("acm")
    public = Domain(region, "public-twin.test")
    zone = route53.create_hosted_zone(
        Name="private.test",
        CallerReference="private.test",
        VPC={"VPCRegion": region.record.region, "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True},
    )["HostedZone"]["Id"]
    arn = public.request("private.test")
    record = public.shown(arn)["DomainValidationOptions"][0]["ResourceRecord"]
    change = {
        "Name": record["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }

    def batch(action: str) -> dict[str, Any]:
        return {"Changes": [{"Action": action, "ResourceRecordSet": change}]}

    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch("CREATE"))
    public.issued(public.name)  # later, and it is issued
    assert public.shown(arn)["Status"] == "PENDING_VALIDATION"
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch("DELETE"))
    route53.delete_hosted_zone(Id=zone)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] != "ISSUED"
    public.delete()


def test_an_exported_certificate_comes_with_its_key(
    domain: Domain, region: TestRegion, tmp_path: Path
) -> None:
    arn = domain.issued(f"export.{domain.name}", Options={"Export": "ENABLED"})
    exported = domain.acm.export_certificate(CertificateArn=arn, Passphrase=b"secret")
    leaf = verify(region, exported, f"export.{domain.name}")
    (tmp_path / "key.pem").write_text(exported["PrivateKey"])
    ended = subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "key.pem", "-passin", "stdin", "-pubout"],
        input=b"secret\n",
        capture_output=True,
        check=True,
    )
    assert serialization.load_pem_public_key(ended.stdout) == leaf.public_key()


def test_a_bad_import_is_refused_and_a_good_one_is_used_at_once(
    domain: Domain, region: TestRegion, balancer: str
) -> None:
    arn = domain.issued(f"own.{domain.name}", Options={"Export": "ENABLED"})
    exported = domain.acm.export_certificate(CertificateArn=arn, Passphrase=b"secret")
    key = serialization.load_pem_private_key(exported["PrivateKey"].encode(), b"secret")
    assert isinstance(key, rsa.RSAPrivateKey)
    parts = {
        "Certificate": exported["Certificate"].encode(),
        "PrivateKey": keys.to_pem(key),
        "CertificateChain": exported["CertificateChain"].encode(),
    }
    for wrong, words in (
        ({"PrivateKey": keys.to_pem(keys.make("rsa-2048"))}, "does not match"),
        ({"CertificateChain": parts["Certificate"]}, "Could not validate"),
        ({"Certificate": b"garbage"}, "PEM format"),
    ):
        with pytest.raises(ClientError, match=f"ValidationException.*{words}"):
            domain.acm.import_certificate(**{**parts, **wrong})
    imported = domain.acm.import_certificate(**parts)["CertificateArn"]
    assert domain.shown(imported)["Status"] == "ISSUED"
    listener = listen(region, balancer, imported, 8443)
    assert domain.shown(imported)["InUseBy"] == [balancer]
    region.client("elbv2").delete_listener(ListenerArn=listener)
    domain.acm.delete_certificate(CertificateArn=imported)


def test_what_a_listener_has_is_not_deleted_and_is_renewed(
    domain: Domain, region: TestRegion, balancer: str
) -> None:
    name = f"renewed.{domain.name}"
    arn = domain.issued(name)
    before = domain.shown(arn)
    assert before["RenewalEligibility"] == "INELIGIBLE"
    listener = listen(region, balancer, arn, 443)
    assert domain.shown(arn)["InUseBy"] == [balancer]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        domain.acm.delete_certificate(CertificateArn=arn)
    domain.acm.renew_certificate(CertificateArn=arn)
    after = eventually(
        lambda: found if (found := domain.shown(arn))["Serial"] != before["Serial"] else {},
        "a renewed certificate",
    )
    assert after["RenewalSummary"]["RenewalStatus"] == "SUCCESS"
    assert after["RenewalEligibility"] == "ELIGIBLE"
    leaf = verify(region, domain.acm.get_certificate(CertificateArn=arn), name)
    assert int(after["Serial"].replace(":", ""), 16) == leaf.serial_number
    region.client("elbv2").delete_listener(ListenerArn=listener)
    eventually(lambda: domain.shown(arn)["InUseBy"] == [], "the certificate is let go")


def test_everything_is_there_after_a_stop_and_after_a_kill(own_region: TestRegion) -> None:
    domain = Domain(own_region, "kept.test")
    issued, pending = domain.issued("kept.test"), domain.request("late.kept.test")
    before = {arn: domain.shown(arn) for arn in (issued, pending)}
    got = domain.acm.get_certificate(CertificateArn=issued)
    root = own_region.workspace.authority_certificate.read_bytes()
    own_region.restart()
    domain.acm, domain.route53 = own_region.client("acm"), own_region.client("route53")
    assert {arn: domain.shown(arn) for arn in (issued, pending)} == before
    again = domain.acm.get_certificate(CertificateArn=issued)
    assert again["Certificate"] == got["Certificate"]
    assert own_region.workspace.authority_certificate.read_bytes() == root
    # what waited goes on waiting, and the same authority issues it
    domain.prove(pending)
    late = domain.wait(pending)
    verify(own_region, domain.acm.get_certificate(CertificateArn=pending), "late.kept.test")
    eventually(lambda: not own_region.inspect().get("unsaved"), "nothing is unsaved")
    os.kill(own_region.record.daemon_pid, signal.SIGKILL)
    eventually(lambda: launcher.running(own_region.workspace) is None, "the region is gone")
    own_region.restart()
    domain.acm = own_region.client("acm")
    assert domain.shown(pending) == late
    assert own_region.inspect()["problems"] == []


def test_a_damaged_authority_keeps_the_region_from_starting_and_is_named(
    tmp_path: Path, needs_namespaces: None
) -> None:
    workspace = support.prepare(tmp_path)
    Authority.open(workspace.authority)
    (workspace.authority / "root.key").chmod(0o644)
    with pytest.raises(RegionStartFailed) as caught:
        support.start(workspace)
    assert "others may read root.key" in str(caught.value)
    assert "delete the folder" in str(caught.value)
    assert launcher.running(workspace) is None
