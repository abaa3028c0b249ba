"""The site under its own name with a certificate, as curl, OpenSSL, dig, h2load, Python and Chromium see it."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from dnslib import DNSRecord
from playwright.sync_api import Error, expect, sync_playwright

from tests.support import region
from tests.support.commands import Drydock
from tests.support.waiting import eventually

pytestmark = [pytest.mark.region, pytest.mark.timeout(240)]

NAME = "shop.example.test"
POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
ARTEFACTS = Path(__file__).parents[1] / "artefacts"


@dataclass(frozen=True)
class Door:
    """Where the site answers."""

    drydock: Drydock
    http: str
    https: str
    """Under the site's name, with the host's port."""
    authority: str
    dns: tuple[str, int]

    @property
    def port(self) -> int:
        return urlsplit(self.https).port or 443

    def curl(self, *words: str) -> subprocess.CompletedProcess[str]:
        resolved = f"{NAME}:{self.port}:127.0.0.1"
        return run("curl", "-sS", "--noproxy", "*", "--resolve", resolved, *words)


def run(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **options)


def needs(program: str, package: str) -> str:
    if found := shutil.which(program):
        return found
    pytest.skip(f"{program} is not installed (Debian: apt-get install {package})")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """`up --quick`, then by the API alone: a zone, a certificate, port 443, a redirect, a name."""
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    drydock = Drydock.prepare(tmp_path_factory.mktemp("door"))
    try:
        assert drydock("up", "--quick").returncode == 0
        open_proxy(drydock)
        yield found(drydock)
    finally:
        drydock("down")


def open_proxy(drydock: Drydock) -> None:
    acm, elb, route53 = (drydock.client(one) for one in ("acm", "elbv2", "route53"))
    zone = route53.create_hosted_zone(Name="example.test", CallerReference="door")
    zone_id = zone["HostedZone"]["Id"]
    certificate = acm.request_certificate(DomainName=NAME, ValidationMethod="DNS")["CertificateArn"]

    def described() -> Any:
        return acm.describe_certificate(CertificateArn=certificate)["Certificate"]

    record = described()["DomainValidationOptions"][0]["ResourceRecord"]
    assert described()["Status"] == "PENDING_VALIDATION"
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]
    validation = {
        "Name": record["Name"],
        "Type": record["Type"],
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    alias = {
        "Name": NAME,
        "Type": "A",
        "AliasTarget": {
            "HostedZoneId": balancer["CanonicalHostedZoneId"],
            "DNSName": balancer["DNSName"],
            "EvaluateTargetHealth": False,
        },
    }
    changes: Any = [{"Action": "CREATE", "ResourceRecordSet": one} for one in (validation, alias)]
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    eventually(lambda: described()["Status"] == "ISSUED", "the certificate is issued")
    plain = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        SslPolicy=POLICY,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=plain["DefaultActions"],
    )
    redirect: Any = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.modify_listener(
        ListenerArn=plain["ListenerArn"],
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )


def found(drydock: Drydock) -> Door:
    def ready() -> Any:
        status = drydock.status()
        urls = {one["port"]: one for one in status["urls"]}
        return len(urls) == 2 and urls[443]["names"] and (urls, status["dns"])

    urls, dns = eventually(ready, "both listeners and the name", 30)
    host, _, port = dns.rpartition(":")
    return Door(
        drydock,
        urls[80]["url"],
        urls[443]["names"][0],
        drydock("region", "ca", "--path").stdout.strip(),
        (host, int(port)),
    )


def test_curl_trusts_the_regions_authority_and_nobody_else(door: Door) -> None:
    trusting = door.curl(
        "--cacert", door.authority, "-w", "%{http_version} %{http_code}", door.https
    )
    assert trusting.stdout.endswith("2 200"), trusting.stderr
    assert "<title>" in trusting.stdout
    assert door.curl(door.https).returncode == 60, "the authority is not the system's"


def test_http_leads_to_https_under_the_same_name(door: Door) -> None:
    port = urlsplit(door.http).port or 80
    resolved = f"{NAME}:{port}:127.0.0.1"
    url = f"http://{NAME}:{port}/a?b=c"
    done = run("curl", "-sSI", "--noproxy", "*", "--resolve", resolved, url)
    assert re.search(r"^HTTP/1.1 301", done.stdout), done.stderr
    location = re.search(r"^location: (\S+)", done.stdout, re.MULTILINE | re.IGNORECASE)
    assert location
    assert location[1] == f"https://{NAME}:{door.port}/a?b=c"


def test_openssl_verifies_the_chain_and_tls_1_1_is_refused(door: Door) -> None:
    openssl = needs("openssl", "openssl")
    base = [openssl, "s_client", "-connect", f"127.0.0.1:{door.port}", "-servername", NAME]
    verify = ["-CAfile", door.authority, "-verify_hostname", NAME, "-verify_return_error"]
    good = run(*base, *verify, input="")
    assert "Verify return code: 0 (ok)" in good.stdout, good.stderr
    assert good.stdout.count("BEGIN CERTIFICATE") <= 1
    assert re.search(r"^ 1 s:.*$", good.stdout, re.MULTILINE), "the intermediate is sent"
    old = run(*base, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", input="")
    assert old.returncode != 0
    assert "alert protocol version" in old.stderr


def test_dig_and_the_hosts_file_lead_to_this_machine(door: Door) -> None:
    query = DNSRecord.question(NAME)
    answer = DNSRecord.parse(query.send(*door.dns, timeout=5))
    assert [str(one.rdata) for one in answer.rr][-1] == "127.0.0.1"
    hosts = door.drydock("region", "hosts")
    assert f"127.0.0.1 {NAME}" in hosts.stdout.splitlines()
    dig = needs("dig", "bind9-dnsutils")
    done = run(dig, f"@{door.dns[0]}", "-p", str(door.dns[1]), "+short", NAME)
    assert done.stdout.split() == ["127.0.0.1"]


def test_python_trusts_it_by_its_usual_setting(door: Door) -> None:
    context = ssl.create_default_context(cafile=door.authority)
    with httpx.Client(verify=context, http2=True) as client:
        address = f"https://127.0.0.1:{door.port}/api/task/"
        answer = client.get(address, headers={"Host": NAME}, extensions={"sni_hostname": NAME})
    assert answer.status_code == 200
    assert answer.http_version == "HTTP/2"
    assert len(answer.json()) >= 3


def test_many_streams_of_http2_at_once(door: Door) -> None:
    h2load = needs("h2load", "nghttp2-client")
    url = f"https://127.0.0.1:{door.port}/healthcheck/live"
    done = run(h2load, "-n2000", "-c8", "-m32", "--sni", NAME, "-H", f":authority: {NAME}", url)
    if "unrecognized option" in done.stderr:
        done = run(h2load, "-n2000", "-c8", "-m32", url)
    assert "2000 succeeded, 0 failed, 0 errored" in done.stdout, done.stdout + done.stderr
    assert "Application protocol: h2" in done.stdout


def test_chromium_opens_the_page_without_a_warning(door: Door, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or needs("chromium-browser", "chromium")
    certutil = needs("certutil", "libnss3-tools")
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", rules]
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(tmp_path)}
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        stranger = launch(executable_path=chromium, args=flags, env=environment)
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            stranger.new_page().goto(door.https)
        stranger.close()
        store = tmp_path / ".pki/nssdb"
        store.mkdir(parents=True)
        for words in (
            ["-N", "--empty-password"],
            ["-A", "-t", "C,,", "-n", "drydock", "-i", door.authority],
        ):
            done = run(certutil, "-d", f"sql:{store}", *words)
            assert done.returncode == 0, done.stderr
        browser = launch(executable_path=chromium, args=flags, env=environment)
        page = browser.new_page()
        answer = page.goto(door.https)
        assert answer
        assert answer.ok
        details = answer.security_details()
        assert details
        assert details["subjectName"] == NAME
        assert page.evaluate("isSecureContext")
        expect(page.get_by_text("1st Task")).to_be_visible()
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=str(ARTEFACTS / "front-door.png"))
        browser.close()
