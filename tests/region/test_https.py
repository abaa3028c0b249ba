"""HTTPS listeners through the API: certificates, security policies, replacements."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.tls import SelfSigned, handshake, self_signed, serial
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region

STRICT = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
FIXED = [
    {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "hello"},
    }
]


@pytest.fixture(scope="module")
def site(region: TestRegion) -> Iterator[Site]:
    site = Site.build(Scenario.build(region, "https", "10.61.0.0/16"))
    yield site
    site.delete()


def imported(site: Site, certificate: SelfSigned, arn: str = "") -> str:
    acm = site.scenario.region.client("acm")
    more = {"CertificateArn": arn} if arn else {}
    found: str = acm.import_certificate(
        Certificate=certificate.certificate.encode(), PrivateKey=certificate.key.encode(), **more
    )["CertificateArn"]
    return found


def port_of(site: Site) -> int:
    return int(httpx.URL(site.url(443)).port or 443)


def shown(port: int, name: str) -> int:
    return handshake(port, name).serial


def test_a_listener_with_its_certificates(site: Site) -> None:
    elb = site.scenario.region.client("elbv2")
    one, two = self_signed("one.test"), self_signed("two.test")
    first, second = imported(site, one), imported(site, two)
    listener = elb.create_listener(
        LoadBalancerArn=site.balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy=STRICT,
        Certificates=[{"CertificateArn": first}],
        DefaultActions=FIXED,
    )["Listeners"][0]["ListenerArn"]
    assert site.url(443).startswith("https://127.0.0.1")
    port = port_of(site)
    context = ssl.create_default_context(cadata=one.certificate)
    with httpx.Client(verify=context, http2=True) as client:
        answer = client.get(
            f"https://127.0.0.1:{port}/",
            headers={"Host": "one.test"},
            extensions={"sni_hostname": "one.test"},
        )
        assert (answer.http_version, answer.text) == ("HTTP/2", "hello")
        elb.add_listener_certificates(
            ListenerArn=listener, Certificates=[{"CertificateArn": second}]
        )
        eventually(lambda: shown(port, "two.test") == serial(two.pem), "the second is shown")
        renewed = self_signed("one.test")
        imported(site, renewed, first)
        eventually(lambda: shown(port, "one.test") == serial(renewed.pem), "the new one is shown")
        elb.remove_listener_certificates(
            ListenerArn=listener, Certificates=[{"CertificateArn": second}]
        )
        eventually(lambda: shown(port, "two.test") == serial(renewed.pem), "the default is shown")
        kept = answer.extensions["network_stream"]
        again = client.get(
            f"https://127.0.0.1:{port}/",
            headers={"Host": "one.test"},
            extensions={"sni_hostname": "one.test"},
        )
        assert again.extensions["network_stream"] is kept
    with pytest.raises(ssl.SSLError), pytest.warns(DeprecationWarning, match="TLSv1_1"):
        handshake(port, version=ssl.TLSVersion.TLSv1_1)
    elb.modify_listener(ListenerArn=listener, SslPolicy="ELBSecurityPolicy-2016-08")

    def speaks_1_1() -> bool:
        try:
            return handshake(port, version=ssl.TLSVersion.TLSv1_1).version == "TLSv1.1"
        except ssl.SSLError:
            return False

    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        eventually(speaks_1_1, "TLS 1.1 is spoken")
    elb.delete_listener(ListenerArn=listener)
