"""`[account]` as a file has it: what is taken, what is left out, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.config import Config, load
from drydock.errors import ConfigError

VPC = """
[[account.vpcs]]
id = "vpc-0123456789abcdef0"
cidr = "10.9.0.0/16"
subnets = [
  {id = "subnet-0123456789abcdef0", cidr = "10.9.0.0/24", zone = "ap-southeast-2a", public = true},
]
"""
ARN = "arn:aws:acm:ap-southeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
SECRET = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:app/db-AbCdEf"


def read(folder: Path, text: str) -> Config:
    (folder / "drydock.toml").write_text(text)
    return load(folder)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value)


def test_everything_is_read_and_survives_the_way_to_the_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "correct-horse")
    config = read(
        tmp_path,
        VPC
        + f"""
[[account.hosted_zones]]
id = "Z0123456789ABCDEFGHIJ"
name = "Example.COM."
records = [{{name = "db.example.com", type = "A", values = ["10.0.0.1"]}}]
[[account.hosted_zones]]
name = "example.com"
vpcs = ["vpc-0123456789abcdef0"]
[[account.certificates]]
arn = "{ARN}"
domain_names = ["example.com", "*.example.com"]
[[account.secrets]]
arn = "{SECRET}"
value_from = "DB_PASSWORD"
[[account.parameters]]
name = "/app/colour"
type = "String"
value = "red"
[[account.repositories]]
name = "team/app"
images = ["1.0"]
[[account.kms_keys]]
id = "12345678-1234-1234-1234-123456789012"
alias = "alias/app"
[[account.buckets]]
name = "my-artifacts"
""",
    )
    account = config.account
    assert account.vpcs[0].subnets[0].public
    assert account.hosted_zones[0].name == "example.com"
    assert account.secrets[0].full_name == "app/db"
    assert account.secrets[0].value.get_secret_value() == "correct-horse"
    assert "correct-horse" not in repr(config)
    again = Config.model_validate_json(config.model_dump_json())
    assert again == config
    assert json.loads(config.model_dump_json())["account"]["secrets"][0]["value"] == "correct-horse"


def test_an_entry_whose_variable_is_empty_or_not_set_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_certificate_arn", "")
    monkeypatch.delenv("TF_VAR_vpc_id", raising=False)
    monkeypatch.setenv("TF_VAR_domain_name", "shop.test")
    text = """
[[account.vpcs]]
id = "${TF_VAR_vpc_id}"
cidr = "10.9.0.0/16"
[[account.certificates]]
arn = "${TF_VAR_certificate_arn}"
domain_names = ["*.${TF_VAR_domain_name}"]
[[account.hosted_zones]]
name = "${TF_VAR_domain_name}"
[[account.hosted_zones]]
name = "${TF_VAR_domain_name}"
vpcs = ["${TF_VAR_vpc_id}"]
"""
    account = read(tmp_path, text).account
    assert not account.vpcs
    assert not account.certificates
    assert [(zone.name, zone.vpcs) for zone in account.hosted_zones] == [("shop.test", ())]
    monkeypatch.setenv("TF_VAR_vpc_id", "vpc-0123456789abcdef0")
    account = read(tmp_path, text).account
    assert [vpc.id for vpc in account.vpcs] == ["vpc-0123456789abcdef0"]
    assert account.hosted_zones[1].vpcs == ("vpc-0123456789abcdef0",)


def test_a_subnet_is_left_out_alone(tmp_path: Path) -> None:
    text = VPC.replace("\n]\n", '\n  {id = "${NO_SUCH}", cidr = "10.9.1.0/24", zone = "x"},\n]\n')
    assert len(read(tmp_path, text).account.vpcs[0].subnets) == 1


def test_a_variable_elsewhere_still_has_to_be_set(tmp_path: Path) -> None:
    assert "NO_SUCH is not set" in refused(tmp_path, '[region]\nname = "${NO_SUCH}"\n')


@pytest.mark.parametrize("kind", ["secrets", "parameters"])
def test_a_secret_in_the_file_is_refused_without_being_shown(tmp_path: Path, kind: str) -> None:
    words = refused(tmp_path, f'[[account.{kind}]]\nname = "app"\nvalue = "hunter22"\n')
    assert f"account.{kind}.0.value" in words
    assert "value_from" in words
    assert "hunter22" not in words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (VPC.replace("vpc-0123456789abcdef0", "vpc-1"), ["account.vpcs.0.id", "'vpc-1'", "like"]),
        (VPC.replace("10.9.0.0/24", "10.8.0.0/24"), ["account.vpcs.0", "lies outside"]),
        (VPC.replace("10.9.0.0/16", "10.0.0.0/8"), ["account.vpcs.0.cidr", "/16 to /28"]),
        (VPC.replace("10.9.0.0/16", "10.9.0.1/16"), ["account.vpcs.0.cidr", "host bits"]),
        (
            VPC.replace("public = true", "public = false").replace("id = ", "nat = true\nid = ", 1),
            ["account.vpcs.0", "public = true"],
        ),
        (VPC.replace("ap-southeast-2a", "eu-west-1a"), ["eu-west-1a", "[region] name"]),
        (VPC + VPC, ["declared twice"]),
        (VPC.replace("public", "pubic"), ["account.vpcs.0.subnets.0.pubic"]),
        (
            f'[[account.certificates]]\narn = "{ARN.replace("1234567890", "9999999999")}"\n'
            'domain_names = ["a.test"]\n',
            ['account_id = "999999999912"'],
        ),
        (
            '[[account.certificates]]\narn = "x"\ndomain_names = ["a.test"]\n',
            ["account.certificates.0.arn", "certificate/ID"],
        ),
        (
            f'[[account.certificates]]\narn = "{ARN}"\ndomain_names = [""]\n',
            ["account.certificates.0.domain_names.0"],
        ),
        (f'[[account.secrets]]\narn = "{SECRET[:-7]}"\n', ["account.secrets.0.arn", "-AbCdEf"]),
        ("[[account.secrets]]\n", ["account.secrets.0", "arn", "name"]),
        ('[[account.parameters]]\nname = "a"\ntype = "String"\n', ["no value"]),
        (
            '[[account.hosted_zones]]\nname = "a.test"\n'
            'records = [{name = "www.b.test", type = "A", values = ["10.0.0.1"]}]\n',
            ["account.hosted_zones.0", "not within a.test"],
        ),
        ('[[account.buckets]]\nname = "Bad_Name"\n', ["account.buckets.0.name"]),
        ("account = 3\n", ["account"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    words = refused(tmp_path, text)
    for part in parts:
        assert part in words
    assert "Value error" not in words
