"""The authority by itself: what it issues passes strict verifiers, and it keeps its keys to itself."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from drydock.errors import AuthorityUnreadable
from drydock.region.dataplane.certificates import keys
from drydock.region.dataplane.certificates.authority import LIFETIME, Authority
from drydock.region.dataplane.certificates.issuing import Issued
from drydock.region.dataplane.certificates.keys import Kind

HALF_A_YEAR = timedelta(days=198)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("region") / "authority"


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority.open(folder)


def verify(authority: Authority, issued: Issued, name: str) -> None:
    """As a TLS client does that trusts the root alone. Raises VerificationError."""
    store = Store([x509.load_pem_x509_certificate(authority.root)])
    chain = x509.load_pem_x509_certificates(issued.chain)[:1]
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name))
    verifier.verify(x509.load_pem_x509_certificate(issued.certificate), chain)


@pytest.mark.parametrize("kind", ["rsa-2048", "p-256", "p-384"])
def test_what_it_issues_verifies_under_every_name(authority: Authority, kind: Kind) -> None:
    issued = authority.issue(["example.test", "*.example.test"], kind, HALF_A_YEAR)
    verify(authority, issued, "example.test")
    verify(authority, issued, "www.example.test")
    with pytest.raises(VerificationError):
        verify(authority, issued, "a.www.example.test")
    key = keys.from_pem(issued.key)
    certificate = x509.load_pem_x509_certificate(issued.certificate)
    assert key.public_key() == certificate.public_key()
    kinds = {"rsa-2048": (rsa.RSAPrivateKey, 2048)}
    sort, size = kinds.get(kind, (ec.EllipticCurvePrivateKey, int(kind[-3:])))
    assert isinstance(key, sort)
    assert key.key_size == size


def test_the_signer_has_a_key_of_the_same_kind(authority: Authority) -> None:
    for kind, sort in (("rsa-2048", rsa.RSAPublicKey), ("p-384", ec.EllipticCurvePublicKey)):
        chain = authority.issue(["a.test"], kind, HALF_A_YEAR).chain  # type: ignore[arg-type]
        signer = x509.load_pem_x509_certificates(chain)[0]
        assert isinstance(signer.public_key(), sort)


def test_openssl_finds_nothing_to_object_to(
    authority: Authority, folder: Path, tmp_path: Path
) -> None:
    issued = authority.issue(["a.test", "10.0.0.1"], "rsa-2048", HALF_A_YEAR)
    (tmp_path / "leaf.pem").write_bytes(issued.certificate)
    (tmp_path / "chain.pem").write_bytes(issued.chain)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip"]
    files = ["-CAfile", str(folder / "root.pem"), "-untrusted", str(tmp_path / "chain.pem")]
    ended = subprocess.run(
        [*command, "10.0.0.1", *files, str(tmp_path / "leaf.pem")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    certificate = x509.load_pem_x509_certificate(issued.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("10.0.0.1")]


def test_validity_is_whole_days_from_midnight_and_ends_with_the_authority(
    authority: Authority,
) -> None:
    noon = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    issued = authority.issue(["a.test"], "p-256", HALF_A_YEAR, noon)
    assert issued.not_before == datetime(2026, 11, 23, tzinfo=UTC)
    assert issued.not_after == datetime(2027, 6, 8, 23, 59, 59, tzinfo=UTC)
    root = x509.load_pem_x509_certificate(authority.root)
    late = authority.issue(["a.test"], "p-256", 2 * LIFETIME)
    assert late.not_after == root.not_valid_after_utc


def test_a_name_too_long_for_a_subject_stands_among_the_alternative_names(
    authority: Authority,
) -> None:
    name = ".".join(["a" * 40, "b" * 40, "test"])
    issued = authority.issue([name], "p-256", HALF_A_YEAR)
    verify(authority, issued, name)
    assert not list(x509.load_pem_x509_certificate(issued.certificate).subject)


def test_a_certificate_needs_a_name(authority: Authority) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        authority.issue([], "p-256", HALF_A_YEAR)


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "region" / "authority"
    first = Authority.open(folder)
    assert Authority.open(folder).root == first.root
    assert Authority.open(tmp_path / "other").root != first.root
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    names = {f"{name}.{end}" for name in ("root", "rsa", "curve") for end in ("pem", "key")}
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [entry.name for entry in folder.parent.iterdir()] == ["authority"]


def test_keys_are_not_shown(authority: Authority) -> None:
    issued = authority.issue(["a.test"], "p-256", HALF_A_YEAR)
    assert b"PRIVATE KEY" in issued.key
    assert "PRIVATE KEY" not in repr(issued)


@pytest.mark.parametrize("harm", ["readable", "damaged", "missing", "foreign"])
def test_a_damaged_authority_is_refused_with_the_remedy(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "authority"
    Authority.open(folder)
    if harm == "readable":
        (folder / "rsa.key").chmod(0o644)
    elif harm == "damaged":
        (folder / "root.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    elif harm == "missing":
        (folder / "curve.key").unlink()
    else:
        Authority.open(tmp_path / "other")
        for name in ("rsa.pem", "rsa.key"):
            (folder / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(AuthorityUnreadable) as caught:
        Authority.open(folder)
    assert str(folder) in caught.value.subject
    assert "delete the folder" in caught.value.remedy
