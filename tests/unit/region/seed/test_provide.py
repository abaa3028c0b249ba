"""Stand-ins in a control plane, seen through its API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drydock import account as declared
from drydock.account import Account
from drydock.errors import ConfigError
from drydock.region.api.store import Store
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.seed import provide
from drydock.region.services.acm.controller.plan import KINDS, VALIDITY
from tests.support.served import REGION, Served
from tests.support.states import bring_back, forget, save

VPC = "vpc-0123456789abcdef0"
PUBLIC, PRIVATE = "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"
KEY = "12345678-1234-1234-1234-123456789012"
ZONE = "Z0123456789ABCDEFGHIJ"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("region") / "authority")


class Place:
    def __init__(self, served: Served, authority: Authority) -> None:
        self.served = served
        self.authority = authority

    def has(self, **declaration: Any) -> list[str]:
        """Provide → what was made."""
        steps = provide(self.served.store, Account.model_validate(declaration), self._issue)
        return [step.said for step in steps]

    def _issue(self, one: declared.Certificate) -> Any:
        return self.authority.issue(one.domain_names, KINDS[one.algorithm], VALIDITY)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.served.store.account_id}:{rest}"


@pytest.fixture
def place(served: Served, authority: Authority) -> Place:
    return Place(served, authority)


def network(**more: Any) -> dict[str, Any]:
    subnets = [
        {
            "id": PUBLIC,
            "cidr": "10.9.0.0/24",
            "zone": f"{REGION}a",
            "public": True,
            "name": "front",
        },
        {"id": PRIVATE, "cidr": "10.9.1.0/24", "zone": f"{REGION}b", "tags": {"Tier": "private"}},
    ]
    return {"id": VPC, "cidr": "10.9.0.0/16", "name": "old", "subnets": subnets, **more}


def routes(ec2: Any, **association: str) -> dict[str, str]:
    """Destination → gateway of the table that is chosen by an association."""
    ((name, value),) = association.items()
    filters = [
        {"Name": f"association.{name}", "Values": [value]},
        {"Name": "vpc-id", "Values": [VPC]},
    ]
    (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    return {
        one["DestinationCidrBlock"]: one.get("NatGatewayId") or one["GatewayId"]
        for one in table["Routes"]
    }


def test_a_vpc_is_whole_and_has_its_ids(place: Place) -> None:
    place.has(vpcs=[network(nat=True, dns_hostnames=True)])
    ec2 = place.served.client("ec2")
    only = [{"Name": "vpc-id", "Values": [VPC]}]
    (vpc,) = ec2.describe_vpcs(VpcIds=[VPC])["Vpcs"]
    assert (vpc["CidrBlock"], vpc["IsDefault"]) == ("10.9.0.0/16", False)
    assert vpc["Tags"] == [{"Key": "Name", "Value": "old"}]
    hostnames = ec2.describe_vpc_attribute(VpcId=VPC, Attribute="enableDnsHostnames")
    assert hostnames["EnableDnsHostnames"] == {"Value": True}
    subnets = ec2.describe_subnets(Filters=only)["Subnets"]
    assert {one["SubnetId"]: one["AvailabilityZone"] for one in subnets} == {
        PUBLIC: f"{REGION}a",
        PRIVATE: f"{REGION}b",
    }
    (acl,) = ec2.describe_network_acls(Filters=only)["NetworkAcls"]
    assert {one["SubnetId"] for one in acl["Associations"]} == {PUBLIC, PRIVATE}
    (group,) = ec2.describe_security_groups(Filters=only)["SecurityGroups"]
    assert group["GroupName"] == "default"
    assert routes(ec2, **{"subnet-id": PUBLIC})["0.0.0.0/0"].startswith("igw-")
    assert routes(ec2, main="true")["0.0.0.0/0"].startswith("nat-")
    (nat,) = ec2.describe_nat_gateways(Filters=only)["NatGateways"]
    assert nat["SubnetId"] == PUBLIC
    assert nat["NatGatewayAddresses"][0]["PublicIp"]


def test_the_second_time_makes_what_is_new_and_leaves_what_was_changed(place: Place) -> None:
    ec2 = place.served.client("ec2")
    assert place.has(vpcs=[network()])
    assert place.has(vpcs=[network()]) == []
    ec2.create_tags(Resources=[VPC], Tags=[{"Key": "Name", "Value": "mine"}])
    more = {"id": "subnet-0123456789abcdef2", "cidr": "10.9.2.0/24", "zone": f"{REGION}b"}
    wanted = network()
    wanted["subnets"].append({**more, "public": True})
    assert place.has(vpcs=[wanted]) == ["the subnet subnet-0123456789abcdef2"]
    assert ec2.describe_vpcs(VpcIds=[VPC])["Vpcs"][0]["Tags"][0]["Value"] == "mine"
    first = routes(ec2, **{"subnet-id": PUBLIC})
    assert routes(ec2, **{"subnet-id": more["id"]}) == first
    only = [{"Name": "vpc-id", "Values": [VPC]}]
    assert len(ec2.describe_route_tables(Filters=only)["RouteTables"]) == 2


def test_zones_public_and_private_with_records(place: Place) -> None:
    record = {"name": "*.shop.test", "type": "A", "values": ["10.0.0.1"]}
    declaration: dict[str, Any] = {
        "vpcs": [network()],
        "hosted_zones": [
            {"id": ZONE, "name": "shop.test", "records": [record]},
            {"name": "shop.test", "vpcs": [VPC]},
        ],
    }
    place.has(**declaration)
    route53 = place.served.client("route53")
    public = route53.get_hosted_zone(Id=ZONE)
    assert public["HostedZone"]["Name"] == "shop.test."
    assert len(public["DelegationSet"]["NameServers"]) == 4
    private = [one for one in route53.list_hosted_zones()["HostedZones"] if ZONE not in one["Id"]]
    assert route53.get_hosted_zone(Id=private[0]["Id"])["VPCs"][0]["VPCId"] == VPC
    found = route53.list_resource_record_sets(HostedZoneId=ZONE)["ResourceRecordSets"]
    assert {one["Type"] for one in found} == {"A", "NS", "SOA"}
    assert place.has(**declaration) == []


def test_a_certificate_is_issued_under_its_arn(place: Place) -> None:
    arn = place.arn("acm", f"certificate/{KEY}")
    names = ["shop.test", "*.shop.test"]
    place.has(certificates=[{"arn": arn, "domain_names": names, "algorithm": "EC_prime256v1"}])
    acm = place.served.client("acm")
    shown = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (shown["Status"], shown["Type"]) == ("ISSUED", "AMAZON_ISSUED")
    assert shown["SubjectAlternativeNames"] == names
    assert acm.get_certificate(CertificateArn=arn)["CertificateChain"].count("BEGIN") >= 1


def test_a_certificate_that_ran_out_unused_is_issued_again(place: Place) -> None:
    arn = place.arn("acm", f"certificate/{KEY}")
    wanted = [{"arn": arn, "domain_names": ["shop.test"], "algorithm": "EC_prime256v1"}]
    place.has(certificates=wanted)
    past = datetime.now(UTC) - timedelta(days=300)
    old = place.authority.issue(["shop.test"], "p-256", VALIDITY, past)
    place.served.store.backend("acm").certificates[arn].cert = old.certificate
    assert place.has(certificates=wanted) == [f"the certificate {arn}"]
    shown = place.served.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    assert shown["NotAfter"] > datetime.now(UTC)


def test_secrets_and_parameters_are_given_or_generated(place: Place) -> None:
    arn = place.arn("secretsmanager", "secret:app/db-AbCdEf")
    place.has(
        secrets=[
            {"arn": arn, "value": "given"},
            {"name": "made", "generated_keys": ["password", "token"]},
        ],
        parameters=[{"name": "/app/key"}, {"name": "plain", "type": "String", "value": "red"}],
    )
    secrets = place.served.client("secretsmanager")
    for name in (arn, "app/db", arn[:-7]):
        found = secrets.get_secret_value(SecretId=name)
        assert (found["ARN"], found["SecretString"]) == (arn, "given")
    made = json.loads(secrets.get_secret_value(SecretId="made")["SecretString"])
    assert set(made) == {"password", "token"}
    assert made["password"] != made["token"]
    assert len(made["password"]) == 32
    ssm = place.served.client("ssm")
    one = ssm.get_parameter(Name="/app/key", WithDecryption=True)["Parameter"]
    assert (one["Type"], len(one["Value"])) == ("SecureString", 32)
    assert ssm.get_parameter(Name="plain")["Parameter"]["Value"] == "red"


def test_repositories_keys_and_buckets(place: Place) -> None:
    digest = "sha256:" + "ab" * 32
    key_arn = place.arn("kms", f"key/{KEY}")
    declaration: dict[str, Any] = {
        "repositories": [{"name": "team/app", "images": ["1.0", f"2.0@{digest}"]}],
        "kms_keys": [{"arn": key_arn, "alias": "alias/app"}],
        "buckets": [{"name": f"artifacts-{place.served.store.account_id}"}],
    }
    place.has(**declaration)
    ecr, kms = place.served.client("ecr"), place.served.client("kms")
    (repository,) = ecr.describe_repositories(repositoryNames=["team/app"])["repositories"]
    assert f"{place.served.store.account_id}.dkr.ecr" in repository["repositoryUri"]
    images = ecr.describe_images(repositoryName="team/app")["imageDetails"]
    digests = {tag: one["imageDigest"] for one in images for tag in one["imageTags"]}
    assert digests["2.0"] == digest
    assert set(digests) == {"1.0", "2.0"}
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["Arn"] == key_arn
    sealed = kms.encrypt(KeyId=KEY, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    place.served.client("s3").head_bucket(Bucket=declaration["buckets"][0]["name"])
    assert place.has(**declaration) == []


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        ({"hosted_zones": [{"name": "a.test", "vpcs": [VPC]}]}, ["hosted zone a.test", VPC]),
        (
            {
                "vpcs": [
                    {
                        "id": VPC,
                        "cidr": "10.9.0.0/16",
                        "subnets": [{"id": PUBLIC, "cidr": "10.9.0.0/24", "zone": f"{REGION}z"}],
                    }
                ]
            },
            [PUBLIC, f"{REGION}z"],
        ),
        ({"parameters": [{"name": "/aws/key"}]}, ["/aws/key"]),
        (
            {
                "hosted_zones": [
                    {
                        "name": "a.test",
                        "records": [{"name": "a.a.test", "type": "A", "values": ["x"]}],
                    }
                ]
            },
            ["records of a.test", "x"],
        ),
    ],
)
def test_what_aws_would_not_have_is_said(
    place: Place, declaration: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        place.has(**declaration)
    for part in [*words, "[account] declares", "mend the entry"]:
        assert part in str(caught.value)


def test_two_zones_of_one_name_without_ids(place: Place) -> None:
    zones = [{"name": "a.test"}, {"name": "a.test", "vpcs": [VPC]}]
    assert len(place.has(vpcs=[network()], hosted_zones=zones)) == 6
    assert place.has(vpcs=[network()], hosted_zones=zones) == []


def test_it_is_saved_and_comes_back(place: Place, tmp_path: Path) -> None:
    arn = place.arn("acm", f"certificate/{KEY}")
    declaration: dict[str, Any] = {
        "vpcs": [network(nat=True)],
        "hosted_zones": [{"id": ZONE, "name": "shop.test"}],
        "certificates": [{"arn": arn, "domain_names": ["shop.test"], "algorithm": "EC_prime256v1"}],
        "secrets": [{"name": "db"}],
        "repositories": [{"name": "app", "images": ["1"]}],
        "kms_keys": [{"id": KEY, "alias": "alias/app"}],
    }
    place.has(**declaration)
    store = place.served.store
    value = place.served.client("secretsmanager").get_secret_value(SecretId="db")["SecretString"]
    save(store, tmp_path / "state")
    again = Store(store.account_id, store.region)
    forget(store.account_id)
    assert bring_back(again, tmp_path / "state") == {}
    assert place.has(**declaration) == []
    assert again.backend("acm").certificates[arn].vouched
    shown = place.served.client("secretsmanager").get_secret_value(SecretId="db")["SecretString"]
    assert shown == value
