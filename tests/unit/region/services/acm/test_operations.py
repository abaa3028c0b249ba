"""ACM without its controller: what is asked for, refused, shown and kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from drydock.region.api.saved import pickling
from drydock.region.dataplane.certificates import issuing, keys
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.dataplane.certificates.issuing import Issued
from tests.support.architecture import self_signed
from tests.support.served import Served

DAYS = timedelta(days=198)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("region") / "authority")


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(["shop.test", "*.shop.test"], "rsa-2048", DAYS)


def request(served: Served, *names: str, **more: Any) -> str:
    alternatives = {"SubjectAlternativeNames": list(names[1:])} if names[1:] else {}
    answer = served.client("acm").request_certificate(
        **{"DomainName": names[0], "ValidationMethod": "DNS", **alternatives, **more}
    )
    return str(answer["CertificateArn"])


def describe(served: Served, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = served.client("acm").describe_certificate(CertificateArn=arn)
    return dict(found["Certificate"])


def import_(served: Served, issued: Issued, **more: Any) -> str:
    answer = served.client("acm").import_certificate(
        Certificate=issued.certificate,
        PrivateKey=issued.key,
        CertificateChain=issued.chain,
        **more,
    )
    return str(answer["CertificateArn"])


def write(served: Served, arn: str, issued: Issued) -> None:
    """As the controller does."""
    with served.store.changing("acm"):
        record = served.store.backend("acm").certificates[arn]
        record.issue(issued.certificate, issued.key, issued.chain, datetime.now(UTC))


def listen(served: Served, arn: str, port: int = 443) -> tuple[str, str]:
    """A load balancer and its HTTPS listener: ARNs."""
    elb = served.client("elbv2")
    balancer, group = served.balancer()
    listener = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=port,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]
    return balancer, listener["ListenerArn"]


def refused(code: str, words: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{words}")


def test_a_request_waits_and_says_how_to_prove_the_domain(served: Served) -> None:
    arn = request(served, "Shop.test", "*.shop.test", "shop.test", "api.shop.test")
    for _ in range(3):
        found = describe(served, arn)
        assert found["Status"] == "PENDING_VALIDATION"
    assert found["DomainName"] == "shop.test"
    assert found["SubjectAlternativeNames"] == ["shop.test", "*.shop.test", "api.shop.test"]
    assert not {"Serial", "NotBefore", "NotAfter", "IssuedAt"} & set(found)
    assert found["KeyAlgorithm"] == "RSA-2048"
    assert found["RenewalEligibility"] == "INELIGIBLE"
    assert found["Options"]["CertificateTransparencyLoggingPreference"] == "ENABLED"
    options = found["DomainValidationOptions"]
    assert [one["DomainName"] for one in options] == found["SubjectAlternativeNames"]
    assert {one["ValidationStatus"] for one in options} == {"PENDING_VALIDATION"}
    first, wildcard, api = (one["ResourceRecord"] for one in options)
    assert first == wildcard
    assert first["Name"].startswith("_")
    assert first["Name"].endswith(".shop.test.")
    assert first["Value"].endswith(".acm-validations.aws.")
    assert api["Name"].endswith(".api.shop.test.")
    assert api["Value"] != first["Value"]


def test_a_domain_has_the_same_record_in_every_certificate_of_the_account(served: Served) -> None:
    records = [
        describe(served, request(served, "shop.test"))["DomainValidationOptions"][0][
            "ResourceRecord"
        ]
        for _ in range(2)
    ]
    assert records[0] == records[1]


def test_the_same_token_is_the_same_request(served: Served) -> None:
    first = request(served, "shop.test", IdempotencyToken="one")
    assert request(served, "shop.test", IdempotencyToken="one") == first
    assert request(served, "shop.test", IdempotencyToken="two") != first
    served.client("acm").delete_certificate(CertificateArn=first)
    assert request(served, "shop.test", IdempotencyToken="one") != first


@pytest.mark.parametrize(
    ("algorithm", "shown"),
    [("EC_prime256v1", "EC-prime256v1"), ("EC_secp384r1", "EC-secp384r1")],
)
def test_the_key_algorithm_is_kept(served: Served, algorithm: str, shown: str) -> None:
    found = describe(served, request(served, "shop.test", KeyAlgorithm=algorithm))
    assert found["KeyAlgorithm"] == shown
    assert found["SignatureAlgorithm"] == "SHA256WITHECDSA"


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        ({"DomainName": "localhost"}, "ValidationException", "regular expression"),
        ({"DomainName": "-a.test"}, "ValidationException", "regular expression"),
        (
            {"SubjectAlternativeNames": ["a.*.test"]},
            "ValidationException",
            "subjectAlternativeNames",
        ),
        ({"DomainName": f"{'a' * 40}.{'b' * 40}.test"}, "ValidationException", "64 characters"),
        ({"ValidationMethod": "EMAIL"}, "ValidationException", "DNS alone, not by EMAIL"),
        ({"KeyAlgorithm": "RSA_4096"}, "ValidationException", "RSA_4096 is not supported"),
        (
            {"CertificateAuthorityArn": "arn:aws:acm-pca:ap-southeast-2:1:certificate-authority/1"},
            "ValidationException",
            "no AWS Private CA",
        ),
        (
            {"SubjectAlternativeNames": [f"n{number}.test" for number in range(10)]},
            "LimitExceededException",
            "11 were asked for",
        ),
    ],
)
def test_what_cannot_be_asked_for(
    served: Served, wanted: dict[str, Any], code: str, words: str
) -> None:
    asked = {"DomainName": "shop.test", "ValidationMethod": "DNS", **wanted}
    with refused(code, words):
        served.client("acm").request_certificate(**asked)
    assert served.client("acm").list_certificates()["CertificateSummaryList"] == []


def test_a_request_without_a_method_means_email_which_is_not_there(served: Served) -> None:
    with refused("ValidationException", "set ValidationMethod to DNS"):
        served.client("acm").request_certificate(DomainName="shop.test")


def test_options_are_changed(served: Served) -> None:
    acm = served.client("acm")
    arn = request(served, "shop.test", Options={"Export": "ENABLED"})
    acm.update_certificate_options(
        CertificateArn=arn, Options={"CertificateTransparencyLoggingPreference": "DISABLED"}
    )
    assert describe(served, arn)["Options"] == {
        "CertificateTransparencyLoggingPreference": "DISABLED",
        "Export": "ENABLED",
    }


def test_an_issued_certificate_shows_all_of_it(served: Served, issued: Issued) -> None:
    acm = served.client("acm")
    arn = request(served, "shop.test", "*.shop.test")
    with refused("RequestInProgressException", "not issued yet"):
        acm.get_certificate(CertificateArn=arn)
    write(served, arn, issued)
    found = describe(served, arn)
    assert found["Status"] == "ISSUED"
    assert int(found["Serial"].replace(":", ""), 16) == issued.serial
    assert (found["NotBefore"], found["NotAfter"]) == (issued.not_before, issued.not_after)
    assert found["Issuer"] == "Drydock"
    assert found["Subject"] == "CN=shop.test"
    assert found["SignatureAlgorithm"] == "SHA256WITHRSA"
    assert [one["Name"] for one in found["KeyUsages"]] == ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"]
    assert found["ExtendedKeyUsages"] == [
        {"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}
    ]
    statuses = {one["ValidationStatus"] for one in found["DomainValidationOptions"]}
    assert statuses == {"SUCCESS"}
    assert "RenewalSummary" not in found
    got = acm.get_certificate(CertificateArn=arn)
    assert got["Certificate"].encode() == issued.certificate
    assert got["CertificateChain"].encode() == issued.chain


def test_a_certificate_in_use_cannot_be_deleted(served: Served, issued: Issued) -> None:
    acm, elb = served.client("acm"), served.client("elbv2")
    first, second = (request(served, "shop.test"), request(served, "shop.test"))
    for arn in (first, second):
        write(served, arn, issued)
    balancer, listener = listen(served, first)
    elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": second}])
    for arn in (first, second):
        assert describe(served, arn)["InUseBy"] == [balancer]
        assert describe(served, arn)["RenewalEligibility"] == "ELIGIBLE"
        with refused("ResourceInUseException", "in use"):
            acm.delete_certificate(CertificateArn=arn)
    elb.remove_listener_certificates(
        ListenerArn=listener, Certificates=[{"CertificateArn": second}]
    )
    assert describe(served, second)["InUseBy"] == []
    acm.delete_certificate(CertificateArn=second)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    acm.delete_certificate(CertificateArn=first)
    with refused("ResourceNotFoundException", "not found"):
        describe(served, first)


def test_only_what_is_in_use_or_exported_is_renewed(served: Served, issued: Issued) -> None:
    acm = served.client("acm")
    arn = request(served, "shop.test")
    with refused("RequestInProgressException", "in progress"):
        acm.renew_certificate(CertificateArn=arn)
    write(served, arn, issued)
    with refused("ValidationException", "not eligible"):
        acm.renew_certificate(CertificateArn=arn)
    listen(served, arn)
    acm.renew_certificate(CertificateArn=arn)
    assert describe(served, arn)["RenewalSummary"]["RenewalStatus"] == "PENDING_AUTO_RENEWAL"
    with refused("RequestInProgressException", "in progress"):
        acm.renew_certificate(CertificateArn=arn)


def test_export_gives_the_key_encrypted_where_it_is_allowed(served: Served, issued: Issued) -> None:
    acm = served.client("acm")
    arn = request(served, "shop.test", Options={"Export": "ENABLED"})
    with refused("RequestInProgressException", "not issued yet"):
        acm.export_certificate(CertificateArn=arn, Passphrase=b"secret")
    write(served, arn, issued)
    exported = acm.export_certificate(CertificateArn=arn, Passphrase=b"secret")
    assert exported["Certificate"].encode() == issued.certificate
    key = serialization.load_pem_private_key(exported["PrivateKey"].encode(), b"secret")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.public_key() == keys.from_pem(issued.key).public_key()
    assert describe(served, arn)["RenewalEligibility"] == "ELIGIBLE"
    other = request(served, "shop.test")
    write(served, other, issued)
    with refused("ValidationException", "not exportable"):
        acm.export_certificate(CertificateArn=other, Passphrase=b"secret")


def test_an_imported_certificate_is_shown_as_it_is(served: Served, issued: Issued) -> None:
    arn = import_(served, issued, Tags=[{"Key": "a", "Value": "b"}])
    found = describe(served, arn)
    assert (found["Status"], found["Type"]) == ("ISSUED", "IMPORTED")
    assert found["SubjectAlternativeNames"] == ["shop.test", "*.shop.test"]
    assert found["CreatedAt"] == found["ImportedAt"]
    assert found["DomainValidationOptions"] == [{"DomainName": "shop.test"}]
    assert found["RenewalEligibility"] == "INELIGIBLE"
    assert found["KeyAlgorithm"] == "RSA-2048"
    got = served.client("acm").get_certificate(CertificateArn=arn)
    assert got["CertificateChain"].encode() == issued.chain
    tags = served.client("acm").list_tags_for_certificate(CertificateArn=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_the_root_of_a_chain_may_be_left_out_and_a_self_signed_one_needs_none(
    served: Served, issued: Issued
) -> None:
    acm = served.client("acm")
    chain = x509.load_pem_x509_certificates(issued.chain)
    acm.import_certificate(
        Certificate=issued.certificate.strip(),
        PrivateKey=issued.key,
        CertificateChain=issuing.to_pem(chain[0]).strip(),
    )
    certificate, key = self_signed()
    arn = acm.import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    assert "CertificateChain" not in acm.get_certificate(CertificateArn=arn)
    assert describe(served, arn)["KeyAlgorithm"] == "EC-prime256v1"
    with served.store.locked():
        for record in served.store.backend("acm").certificates.values():
            parts = (record.cert, record.key, record.chain)
            assert all(part.endswith(b"-----\n") for part in parts if part)


def bad_imports(authority: Authority, issued: Issued) -> dict[str, tuple[dict[str, bytes], str]]:
    """What is sent instead of the good parts, and what ACM says."""
    now = datetime.now(UTC)
    pem = [issuing.to_pem(one) for one in x509.load_pem_x509_certificates(issued.chain)]
    other = authority.issue(["other.test"], "rsa-2048", DAYS)
    curve = authority.issue(["shop.test"], "p-256", DAYS)
    past = authority.issue(["shop.test"], "rsa-2048", DAYS, now - 2 * DAYS)
    future = authority.issue(["shop.test"], "rsa-2048", DAYS, now + DAYS)
    stranger = issuing.self_signed_root("Drydock stranger", now, DAYS)
    mixed = issuing.server(["a.test"], "rsa-2048", stranger, stranger.certificate, now, DAYS)
    loaded = serialization.load_pem_private_key(issued.key, None)
    encrypted = loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    strange_key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    begin, end = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"

    def all_of(one: Issued) -> dict[str, bytes]:
        return {
            "Certificate": one.certificate,
            "PrivateKey": one.key,
            "CertificateChain": one.chain,
        }

    return {
        "garbage": ({"Certificate": b"garbage"}, "not in a valid PEM format"),
        "damaged": ({"Certificate": begin + b"AAAA\n" + end}, "Unable to parse certificate"),
        "bundle": ({"Certificate": issued.certificate + pem[0]}, "more than one certificate"),
        "garbage key": ({"PrivateKey": b"garbage"}, "private key is not supported"),
        "large key": ({"PrivateKey": b"x" * 6000}, "larger than 5120"),
        "encrypted key": ({"PrivateKey": encrypted}, "should not be encrypted"),
        "strange key": ({"PrivateKey": strange_key}, "private key is not supported"),
        "other's key": ({"PrivateKey": other.key}, "does not match"),
        "other kind of key": ({"PrivateKey": curve.key}, "does not match"),
        "expired": (all_of(past), "has expired"),
        "not yet": (all_of(future), "not in effect yet"),
        "garbage chain": ({"CertificateChain": b"garbage"}, "not in a valid PEM format"),
        "chain reversed": ({"CertificateChain": pem[1] + pem[0]}, "Could not validate"),
        "chain with itself": (
            {"CertificateChain": issued.certificate + issued.chain},
            "Could not validate",
        ),
        "chain of a stranger": (
            {"CertificateChain": issuing.to_pem(stranger.certificate)},
            "Could not validate",
        ),
        "signed by another kind of key": (all_of(mixed), "must match the algorithm"),
    }


KINDS_OF_BAD = [
    "garbage", "damaged", "bundle", "garbage key", "large key", "encrypted key", "strange key",
    "other's key", "other kind of key", "expired", "not yet", "garbage chain", "chain reversed",
    "chain with itself", "chain of a stranger", "signed by another kind of key",
]  # fmt: skip


@pytest.fixture(scope="module")
def bad(authority: Authority, issued: Issued) -> dict[str, tuple[dict[str, bytes], str]]:
    found = bad_imports(authority, issued)
    assert list(found) == KINDS_OF_BAD
    return found


@pytest.mark.parametrize("kind", KINDS_OF_BAD)
def test_what_cannot_be_imported(
    served: Served, issued: Issued, bad: dict[str, tuple[dict[str, bytes], str]], kind: str
) -> None:
    sent, words = bad[kind]
    good = {
        "Certificate": issued.certificate,
        "PrivateKey": issued.key,
        "CertificateChain": issued.chain,
    }
    with refused("ValidationException", words):
        served.client("acm").import_certificate(**{**good, **sent})
    assert served.client("acm").list_certificates()["CertificateSummaryList"] == []


def test_a_certificate_of_an_authority_needs_its_chain(served: Served, issued: Issued) -> None:
    with refused("ValidationException", "not a valid self signed"):
        served.client("acm").import_certificate(
            Certificate=issued.certificate, PrivateKey=issued.key
        )


def test_reimport_keeps_the_arn_and_the_tags(
    served: Served, authority: Authority, issued: Issued
) -> None:
    arn = import_(served, issued, Tags=[{"Key": "a", "Value": "b"}])
    new = authority.issue(["shop.test", "www.shop.test"], "rsa-2048", DAYS)
    assert import_(served, new, CertificateArn=arn) == arn
    found = describe(served, arn)
    assert int(found["Serial"].replace(":", ""), 16) == new.serial
    assert found["SubjectAlternativeNames"] == ["shop.test", "www.shop.test"]
    tags = served.client("acm").list_tags_for_certificate(CertificateArn=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_what_cannot_be_reimported(served: Served, authority: Authority, issued: Issued) -> None:
    arn = import_(served, issued)
    with refused("ValidationException", "key type and size"):
        import_(served, authority.issue(["shop.test"], "p-256", DAYS), CertificateArn=arn)
    with refused("ValidationException", "at least one"):
        import_(served, authority.issue(["other.test"], "rsa-2048", DAYS), CertificateArn=arn)
    with refused("ValidationException", "Tags"):
        import_(served, issued, CertificateArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    with refused("ValidationException", "not imported"):
        import_(served, issued, CertificateArn=request(served, "shop.test"))
    with refused("ResourceNotFoundException", "not found"):
        import_(served, issued, CertificateArn=f"{arn[:-1]}x")
    assert describe(served, arn)["SubjectAlternativeNames"] == ["shop.test", "*.shop.test"]


def test_lists_are_filtered_sorted_and_paged(served: Served, issued: Issued) -> None:
    acm = served.client("acm")
    pending = [request(served, f"n{number}.test") for number in range(3)]
    curve = request(served, "curve.test", KeyAlgorithm="EC_prime256v1")
    imported = import_(served, issued)

    def listed(**wanted: Any) -> list[str]:
        found = acm.list_certificates(**wanted)["CertificateSummaryList"]
        return [one["CertificateArn"] for one in found]

    assert listed() == [*pending, imported]
    assert listed(Includes={"keyTypes": ["EC_prime256v1"]}) == [curve]
    assert listed(CertificateStatuses=["ISSUED"]) == [imported]
    assert listed(Includes={"keyUsage": ["DIGITAL_SIGNATURE"]}) == [imported]
    assert listed(Includes={"exportOption": "ENABLED"}) == []
    newest = listed(SortBy="CREATED_AT", SortOrder="DESCENDING")
    assert newest == [imported, *reversed(pending)]
    pages = acm.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["CertificateSummaryList"]) for page in pages] == [3, 1]
    summary = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"][0]
    assert summary["SubjectAlternativeNameSummaries"] == ["shop.test", "*.shop.test"]
    assert summary["InUse"] is False


def test_tags_by_either_name_of_the_operations(served: Served) -> None:
    acm = served.client("acm")
    arn = request(served, "shop.test", Tags=[{"Key": "a", "Value": "b"}])
    acm.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "e"}])
    acm.untag_resource(ResourceArn=arn, TagKeys=["a"])
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "e"}])
    wanted = [{"Key": "c", "Value": "d"}]
    assert acm.list_tags_for_resource(ResourceArn=arn)["Tags"] == wanted
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == wanted


def test_records_survive_being_saved(served: Served, issued: Issued, tmp_path: Path) -> None:
    arn = request(served, "shop.test")
    write(served, arn, issued)
    with served.store.locked():
        before = served.store.backend("acm").certificates[arn]
        after = pickling.loads(pickling.dumps(before))
    assert vars(after) == vars(before)
    assert after.x509 == x509.load_pem_x509_certificate(issued.certificate)
