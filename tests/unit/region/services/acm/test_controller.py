"""The controller on a control plane, without a data plane: one pass at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drydock.config import Config, RegionConfig
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.services.acm.controller.controller import CertificateController
from drydock.region.services.kit.controller import DONE, Requeue, TerminalError
from tests.support.served import Served, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("region") / "authority")


class Place:
    """A served control plane with its controller."""

    def __init__(self, served: Served, authority: Authority, time_scale: float) -> None:
        self.acm, self.route53 = served.client("acm"), served.client("route53")
        self.served = served
        settings = RegionConfig(time_scale=time_scale)
        parts: Any = SimpleNamespace(
            store=served.store, config=Config(folder=Path(), region=settings)
        )
        self.controller = CertificateController(parts, authority)

    def request(self, *names: str, **more: Any) -> str:
        arn = self.acm.request_certificate(
            DomainName=names[0],
            SubjectAlternativeNames=list(names),
            ValidationMethod="DNS",
            KeyAlgorithm="EC_prime256v1",
            **more,
        )["CertificateArn"]
        return str(arn)

    def shown(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return found

    def zone(self, name: str) -> str:
        zone = self.route53.create_hosted_zone(Name=name, CallerReference=name)
        return str(zone["HostedZone"]["Id"])

    def change(self, action: str, zone: str, name: str, kind: str, value: str) -> None:
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        changes = [{"Action": action, "ResourceRecordSet": record}]
        self.route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": changes}
        )

    def prove(self, zone: str, arn: str, number: int = 0, action: str = "CREATE") -> None:
        record = self.shown(arn)["DomainValidationOptions"][number]["ResourceRecord"]
        self.change(action, zone, record["Name"], record["Type"], record["Value"])

    def age(self, arn: str, by: timedelta) -> None:
        """Let some time be past for a certificate."""
        with self.served.store.changing("acm"):
            record = self.served.store.backend("acm").certificates[arn]
            record.created_at -= by
            if record.issued_at is not None:
                record.issued_at -= by

    def export(self, arn: str) -> None:
        """As good as a listener to make it eligible for renewal."""
        self.acm.export_certificate(CertificateArn=arn, Passphrase=b"secret")


@pytest.fixture
def place(tmp_path: Path, authority: Authority) -> Any:
    with serving(tmp_path / "region.log") as served:
        yield Place(served, authority, time_scale=10)


def test_each_name_is_marked_as_its_record_comes_and_the_last_one_issues(place: Place) -> None:
    arn = place.request("shop.test", "other.test")
    shop, other = place.zone("shop.test"), place.zone("other.test")
    outcome = place.controller.reconcile(arn)
    assert isinstance(outcome, Requeue)
    assert 0 < outcome.after <= 60
    place.prove(other, arn, 1)
    place.controller.reconcile(arn)
    found = place.shown(arn)
    assert found["Status"] == "PENDING_VALIDATION"
    statuses = {
        one["DomainName"]: one["ValidationStatus"] for one in found["DomainValidationOptions"]
    }
    assert statuses == {"shop.test": "PENDING_VALIDATION", "other.test": "SUCCESS"}
    place.prove(shop, arn, 0)
    place.controller.reconcile(arn)
    assert place.shown(arn)["Status"] == "ISSUED"


def test_a_second_pass_changes_nothing(place: Place) -> None:
    arn = place.request("shop.test")
    place.prove(place.zone("shop.test"), arn)
    place.controller.reconcile(arn)
    before, serial = place.served.store.generation, place.shown(arn)["Serial"]
    place.controller.reconcile(arn)
    assert place.served.store.generation == before
    assert place.shown(arn)["Serial"] == serial


def test_after_a_while_the_region_says_what_is_missing(place: Place) -> None:
    arn = place.request("shop.test")
    place.age(arn, timedelta(minutes=2))
    with pytest.raises(TerminalError, match=r"shop\.test is not validated: no public hosted zone"):
        place.controller.reconcile(arn)
    place.zone("shop.test")
    with pytest.raises(TerminalError, match=r"hosted zone shop.test has no CNAME _"):
        place.controller.reconcile(arn)


def test_the_72_hours_are_in_region_time(place: Place) -> None:
    arn = place.request("shop.test")
    place.age(arn, timedelta(hours=7))
    with pytest.raises(TerminalError):
        place.controller.reconcile(arn)
    assert place.shown(arn)["Status"] == "PENDING_VALIDATION"
    place.age(arn, timedelta(hours=0.2))
    assert place.controller.reconcile(arn) == DONE
    assert place.shown(arn)["Status"] == "VALIDATION_TIMED_OUT"


def test_caa_that_forbids_amazon_fails_the_certificate(place: Place) -> None:
    arn = place.request("shop.test")
    zone = place.zone("shop.test")
    place.change("CREATE", zone, "shop.test", "CAA", '0 issue "letsencrypt.org"')
    place.prove(zone, arn)
    assert place.controller.reconcile(arn) == DONE
    found = place.shown(arn)
    assert (found["Status"], found["FailureReason"]) == ("FAILED", "CAA_ERROR")
    assert found["DomainValidationOptions"][0]["ValidationStatus"] == "FAILED"


@pytest.fixture
def renewable(place: Place) -> tuple[str, str]:
    """An issued certificate that ACM renews, and its zone."""
    arn, zone = place.request("shop.test", Options={"Export": "ENABLED"}), place.zone("shop.test")
    place.prove(zone, arn)
    place.controller.reconcile(arn)
    place.export(arn)
    return arn, zone


RENEWALS: dict[str, Callable[[Place, str], object]] = {
    "asked": lambda place, arn: place.acm.renew_certificate(CertificateArn=arn),
    "due": lambda place, arn: place.age(arn, timedelta(days=665)),
}


@pytest.mark.parametrize("how", list(RENEWALS))
def test_a_renewal_is_a_new_certificate_under_the_same_arn(
    place: Place, renewable: tuple[str, str], how: str
) -> None:
    arn, _ = renewable
    before = place.shown(arn)
    outcome = place.controller.reconcile(arn)
    assert isinstance(outcome, Requeue)
    assert place.shown(arn)["Serial"] == before["Serial"]
    RENEWALS[how](place, arn)
    place.controller.reconcile(arn)
    after = place.shown(arn)
    assert after["Status"] == "ISSUED"
    assert after["Serial"] != before["Serial"]
    assert after["RenewalSummary"]["RenewalStatus"] == "SUCCESS"
    assert after["IssuedAt"] >= before["IssuedAt"]
    # exported once, but not the renewed one yet: no longer eligible
    assert after["RenewalEligibility"] == "INELIGIBLE"


def test_a_renewal_waits_for_the_record_and_says_so(
    place: Place, renewable: tuple[str, str]
) -> None:
    arn, zone = renewable
    before = place.shown(arn)["Serial"]
    place.prove(zone, arn, action="DELETE")
    place.acm.renew_certificate(CertificateArn=arn)
    with pytest.raises(TerminalError, match=r"hosted zone shop.test has no CNAME _"):
        place.controller.reconcile(arn)
    found = place.shown(arn)
    assert (found["Status"], found["Serial"]) == ("ISSUED", before)
    assert found["RenewalSummary"]["RenewalStatus"] == "PENDING_VALIDATION"
    waiting = found["RenewalSummary"]["DomainValidationOptions"][0]["ValidationStatus"]
    assert waiting == "PENDING_VALIDATION"
    place.prove(zone, arn)
    place.controller.reconcile(arn)
    assert place.shown(arn)["Serial"] != before


def test_what_the_account_had_is_renewed_without_a_record(
    place: Place, renewable: tuple[str, str]
) -> None:
    arn, zone = renewable
    before = place.shown(arn)["Serial"]
    place.prove(zone, arn, action="DELETE")
    with place.served.store.changing("acm"):
        place.served.store.backend("acm").certificates[arn].vouched = True
    place.acm.renew_certificate(CertificateArn=arn)
    place.controller.reconcile(arn)
    assert place.shown(arn)["Serial"] != before


def test_an_imported_certificate_expires(place: Place, authority: Authority) -> None:
    now = datetime.now(UTC)
    good = authority.issue(["shop.test"], "p-256", timedelta(days=2), now)
    arn = place.acm.import_certificate(
        Certificate=good.certificate, PrivateKey=good.key, CertificateChain=good.chain
    )["CertificateArn"]
    assert isinstance(place.controller.reconcile(arn), Requeue)
    old = authority.issue(["shop.test"], "p-256", timedelta(days=1), now - timedelta(days=3))
    with place.served.store.changing("acm"):
        place.served.store.backend("acm").certificates[arn].cert = old.certificate
    assert place.controller.reconcile(arn) == DONE
    assert place.shown(arn)["Status"] == "EXPIRED"


def test_a_certificate_that_is_deleted_is_let_go(place: Place) -> None:
    arn = place.request("shop.test")
    assert list(place.controller.all_keys()) == [arn]
    place.acm.delete_certificate(CertificateArn=arn)
    assert list(place.controller.all_keys()) == []
    assert place.controller.reconcile(arn) == DONE
