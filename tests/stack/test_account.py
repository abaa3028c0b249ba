"""`infra/` planned on what the account already has; and where it is not declared, it is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.account import Account
from drydock.aws.target import Target
from drydock.errors import TerraformFailed
from drydock.paths import Workspace
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.seed import provide
from drydock.region.services.acm.controller.plan import KINDS, VALIDITY
from drydock.stack import Stack
from drydock.stack.finder import Terraform
from tests.support.minutes import takes_minutes
from tests.support.served import REGION, Served, serving

pytestmark = [pytest.mark.terraform, pytest.mark.usefixtures("aws_provider")]
INFRA = Path(__file__).parents[2] / "infra"
VPC = "vpc-0a0b0c0d0e0f0a0b0"
SUBNETS = [f"subnet-0a0b0c0d0e0f0a0b{n}" for n in range(1, 5)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "log") as served:
        yield served


def declared(served: Served) -> Account:
    subnets = [
        {
            "id": name,
            "cidr": f"10.90.{n}.0/24",
            "zone": f"{REGION}{'ab'[n % 2]}",
            "public": n < 2,
        }
        for n, name in enumerate(SUBNETS)
    ]
    return Account.model_validate(
        {
            "vpcs": [{"id": VPC, "cidr": "10.90.0.0/16", "nat": True, "subnets": subnets}],
            "hosted_zones": [{"id": "Z0ACCOUNTZONE", "name": "shop.test"}],
            "certificates": [{"arn": certificate(served), "domain_names": ["*.shop.test"]}],
        }
    )


def certificate(served: Served) -> str:
    account = served.store.account_id
    return f"arn:aws:acm:{REGION}:{account}:certificate/0a0b0c0d-1234-1234-1234-123456789012"


@takes_minutes
def test_a_plan_uses_what_is_declared_and_names_what_is_not(
    terraform: Terraform, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("TF_VAR_", "TF_STATE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_VAR_vpc_id", VPC)
    monkeypatch.setenv("TF_VAR_domain_name", "shop.test")
    monkeypatch.setenv("TF_VAR_certificate_arn", certificate(served))
    monkeypatch.setenv("TF_VAR_production", "true")
    folder = tmp_path / "infra"
    shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.plan"))
    target = Target.local(served.url, account=served.store.account_id, region_id="r1")
    stack = Stack(folder, target, Workspace(tmp_path), terraform=terraform, on_line=lambda _: None)
    stack.init()

    with pytest.raises(TerraformFailed) as caught:
        stack.plan()
    assert f"no VPC {VPC}, hosted zone shop.test" in caught.value.cause
    assert f'[[account.vpcs]]\nid = "{VPC}"' in caught.value.remedy
    assert '[[account.hosted_zones]]\nname = "shop.test"' in caught.value.remedy

    authority = Authority.open(tmp_path / "authority")

    def have(account: Account) -> None:
        provide(
            served.store,
            account,
            lambda one: authority.issue(one.domain_names, KINDS[one.algorithm], VALIDITY),
        )

    have(declared(served).model_copy(update={"certificates": ()}))
    with pytest.raises(TerraformFailed) as caught:
        stack.plan()
    assert caught.value.cause == f"the local region has no certificate {certificate(served)}"
    assert f'[[account.certificates]]\narn = "{certificate(served)}"' in caught.value.remedy
    assert not stack.plan_file.exists()

    have(declared(served))
    added = set(stack.plan().added)
    made = ("aws_vpc.", "aws_subnet.", "aws_nat_gateway.", "aws_route")
    assert not [
        one
        for one in added
        if one.startswith("module.network") and any(kind in one for kind in made)
    ]
    assert not [one for one in added if "aws_acm_certificate" in one]
    planned = {one["address"]: one["change"]["after"] for one in stack.planned["resource_changes"]}
    assert planned["module.load_balancer.aws_lb.this"]["subnets"] == SUBNETS[:2]
    service = planned["module.service.aws_ecs_service.app"]["network_configuration"][0]
    assert service["subnets"] == SUBNETS[2:]
    assert "Z0ACCOUNTZONE" in json.dumps(
        planned["module.certificate_and_dns[0].aws_route53_record.app"]
    )
    listeners = [json.dumps(one) for name, one in planned.items() if "aws_lb_listener" in name]
    assert any(certificate(served) in one for one in listeners)
