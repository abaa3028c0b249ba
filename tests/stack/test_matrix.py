"""Both profiles, with and without what an account has: from nothing to a site, changed under load, and back.

What the account has is declared in `[account]`, as a pipeline's rehearsal has it.
"""

from __future__ import annotations

import json
import shutil
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from drydock.aws import clients
from drydock.stack.finder import Terraform
from tests.support import region
from tests.support.commands import BIN, Drydock
from tests.support.minutes import with_test_all
from tests.support.remnants import everything
from tests.support.waiting import eventually

INFRA = Path(__file__).parents[2] / "infra"
REGION = "ap-southeast-2"
VPC = "vpc-0a0b0c0d0e0f0a0b0"
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/0a0b0c0d-1234-1234-1234-123456789012"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/tasklist"
# Pace: a machine on which other tests run needs more than the 6 s that a grace period has at 10.
ACCOUNT = f"""
[region]
time_scale = 4

[[account.vpcs]]
id = "${{TF_VAR_vpc_id}}"
cidr = "10.90.0.0/16"
dns_hostnames = true
subnets = [
  {{id = "subnet-0a0b0c0d0e0f0a0b1", cidr = "10.90.0.0/24", zone = "{REGION}a", public = true}},
  {{id = "subnet-0a0b0c0d0e0f0a0b2", cidr = "10.90.1.0/24", zone = "{REGION}b", public = true}},
]

[[account.hosted_zones]]
name = "shop.test"

[[account.certificates]]
arn = "${{TF_VAR_certificate_arn}}"
domain_names = ["*.shop.test"]

[images."{IMAGE}:*"]
entrypoint = ["{BIN}/tasklist"]
command = ["serve"]
"""
# Through endpoints alone a task reaches no registry but ECR.
ENDPOINTS = {
    "production": "true",
    "network": '{"egress": "endpoints"}',
    "container_image": f"{IMAGE}:1",
}
CASES = {
    "existing-certificate": {"vpc_id": VPC, "certificate_arn": CERTIFICATE},
    "production-made-nat": {"production": "true", "vpc_id": VPC},
    "production-made-endpoints": {
        **ENDPOINTS,
        "vpc_id": VPC,
        "domain_name": "shop.test",
        "certificate_arn": CERTIFICATE,
        "postgresql_password": "correct-horse-battery",
    },
    "production-endpoints": {**ENDPOINTS, "domain_name": "shop.test"},
}
UNPROTECTED = {"protection": '{"deletion_protection": false, "final_snapshot": false}'}

pytestmark = [
    pytest.mark.region,
    pytest.mark.terraform,
    pytest.mark.timeout(1500),
    with_test_all("takes five minutes for each combination"),
]


@dataclass
class Site:
    """A stack in a folder of its own."""

    drydock: Drydock
    values: dict[str, str]

    def set(self, **values: str) -> None:
        self.values |= values
        self.drydock.env |= {f"TF_VAR_{name}": value for name, value in self.values.items()}

    def run(self, *words: str, timeout: float = 600) -> str:
        done = self.drydock(*words, timeout=timeout)
        assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def url(self, scheme: str = "") -> str:
        """Of a listener; of the one that serves, unless a scheme is given."""
        wanted = scheme or ("https" if self.is_secured else "http")
        urls = [str(one["url"]) for one in self.drydock.status()["urls"]]
        return next(url for url in urls if url.startswith(f"{wanted}:"))

    @property
    def is_secured(self) -> bool:
        return any(self.values.get(name) for name in ("domain_name", "certificate_arn"))

    @property
    def name(self) -> str:
        """The site's own; without one, a name that the given certificate has."""
        dns = json.loads(self.values.get("dns", "{}"))
        return f"{dns.get('host_name', 'tasklist')}.shop.test"

    def context(self) -> ssl.SSLContext:
        authority = self.run("region", "ca", "--path").strip()
        return ssl.create_default_context(cafile=authority)

    def get(self, path: str = "/api/task/") -> httpx.Response:
        """One request as the site's visitor makes it, with everything verified."""
        url = self.url()
        port = urlsplit(url).port or (443 if self.is_secured else 80)
        base = f"{urlsplit(url).scheme}://127.0.0.1:{port}"
        with httpx.Client(verify=self.context(), trust_env=False) as client:
            return client.get(
                f"{base}{path}", headers={"Host": self.name}, extensions={"sni_hostname": self.name}
            )


@dataclass
class Seen:
    """What visitors saw while something changed."""

    answers: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@contextmanager
def visitors(site: Site) -> Iterator[Seen]:
    """One on a kept connection, one on new ones, of the listener that serves when they begin."""
    url, name, context = site.url(), site.name, site.context()
    # The name may be another before the end; who signed it may not.
    context.check_hostname = False
    seen, over = Seen(), threading.Event()

    def client() -> httpx.Client:
        return httpx.Client(verify=context, trust_env=False, timeout=20)

    def visit(keeps: bool) -> None:
        kept = client()
        # At a pace below what the web ACL takes for an attack (production).
        while not over.wait(0.2):
            try:
                answer = kept.get(
                    f"{url}/api/task/", headers={"Host": name}, extensions={"sni_hostname": name}
                )
                seen.answers[answer.status_code] += 1
            except httpx.TransportError as error:
                seen.errors.append(repr(error))
            if not keeps:
                kept.close()
                kept = client()
        kept.close()

    threads = [threading.Thread(target=visit, args=(keeps,)) for keeps in (True, False)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.fixture(params=CASES)
def site(
    request: pytest.FixtureRequest, tmp_path: Path, terraform: Terraform, aws_provider: None
) -> Iterator[Site]:
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    drydock = Drydock.prepare(tmp_path)
    with (tmp_path / "drydock.toml").open("a") as settings:
        settings.write(ACCOUNT)
    skipped = shutil.ignore_patterns("terraform.plan*", ".terraform*")
    shutil.copytree(INFRA, tmp_path / "infra", ignore=skipped)
    site = Site(drydock, {})
    site.set(**CASES[request.param], **UNPROTECTED)
    yield site
    drydock("down")


def test_from_nothing_to_a_site_changed_under_load_and_back(site: Site) -> None:
    site.run("region", "start")
    api = clients.local(site.drydock.status()["endpoint"], REGION)
    before = everything(api)
    site.run("up")
    assert site.get().status_code == 200
    assert_settled(site)

    image = f"{IMAGE}:2"
    service = json.dumps({"cpu": 512, "memory": 1024, "scaling_min": 3})
    change(site, container_image=image, service=service)
    eventually(lambda: len(site.drydock.status()["tasks"]) == 3, "three tasks", 120)
    assert running(api) == {(image, "512", "1024")}

    change(site, postgresql_password="another-one-of-mine")
    assert b"another-one-of-mine" not in states(api)
    # The former name leads nowhere afterwards, which has to be said twice.
    allow = ("--allow-replace",) if site.values.get("domain_name") else ()
    change(site, *allow, domain_name="shop.test", dns='{"host_name": "www"}')
    assert site.get().status_code == 200

    site.run("destroy", "-y")
    assert everything(api) == before


def change(site: Site, *allow: str, **values: str) -> None:
    """Plan, apply, plan again, while visitors come: each is answered."""
    with visitors(site) as seen:
        site.set(**values)
        site.run("plan")
        if allow:
            assert site.drydock("apply").returncode == 3
        site.run("apply", *allow)
    assert seen.errors == []
    # 301: a site that gets its first certificate redirects from then on.
    assert set(seen.answers) <= {200, 301}, seen.answers
    assert seen.answers[200] > 20
    assert_settled(site)


def assert_settled(site: Site) -> None:
    assert "No changes." in site.run("plan")


def states(api: clients.Clients) -> bytes:
    """Every version of Terraform's state."""
    [bucket] = [one["Name"] for one in api.s3.list_buckets()["Buckets"] if "state" in one["Name"]]
    versions = api.s3.list_object_versions(Bucket=bucket)["Versions"]
    bodies = [
        api.s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        for one in versions
    ]
    assert any(b"aws_rds_cluster" in body for body in bodies)
    return b"".join(bodies)


def running(api: clients.Clients) -> set[tuple[str, str, str]]:
    """Image, CPU units and MiB of the tasks that run."""
    arns = api.ecs.list_tasks(cluster="tasklist-app")["taskArns"]
    return {
        (task["containers"][0]["image"], task["cpu"], task["memory"])
        for task in api.ecs.describe_tasks(cluster="tasklist-app", tasks=arns)["tasks"]
    }
