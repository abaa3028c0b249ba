"""Sign X.509 certificates. Pure except for making keys: no files, no clock of its own.

Profiles follow RFC 5280 and what strict verifiers demand of it (OpenSSL's X509_V_FLAG_X509_STRICT,
which Python 3.13 sets): key identifiers everywhere, basic constraints and key usage critical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from drydock.region.dataplane.certificates import keys
from drydock.region.dataplane.certificates.keys import Key, Kind

ORGANIZATION = "Drydock"
_LONGEST_COMMON_NAME = 64


@dataclass(frozen=True)
class Signer:
    """A certificate that may sign others, with its key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)


@dataclass(frozen=True)
class Issued:
    """A server's certificate. All in PEM; the key is PKCS #8, not encrypted."""

    certificate: bytes
    key: bytes = field(repr=False)
    chain: bytes
    """The intermediate, then the root."""
    serial: int
    not_before: datetime
    not_after: datetime


def self_signed_root(name: str, now: datetime, validity: timedelta) -> Signer:
    """Return a new root on P-256."""
    key = keys.make("p-256")
    subject = _name(name, ORGANIZATION)
    builder = _authority(subject, key, _midnight(now), validity, path_length=1)
    certificate = builder.issuer_name(subject).sign(key, hashes.SHA256())
    return Signer(certificate, key)


def intermediate(name: str, kind: Kind, root: Signer, now: datetime, validity: timedelta) -> Signer:
    """Return a new intermediate that signs only servers' certificates."""
    key = keys.make(kind)
    builder = _authority(_name(name, ORGANIZATION), key, _midnight(now), validity, path_length=0)
    certificate = (
        builder.issuer_name(root.certificate.subject)
        .add_extension(_identifier_of(root.certificate), critical=False)
        .sign(root.key, hashes.SHA256())
    )
    return Signer(certificate, key)


def server(
    names: Sequence[str],
    kind: Kind,
    signer: Signer,
    root: x509.Certificate,
    now: datetime,
    validity: timedelta,
) -> Issued:
    """Return a server's certificate for DNS names (wildcards too) and IP addresses; the first is
    its subject.

    It is valid from the last midnight (UTC), as a public authority's are. Raises ValueError: no
    names.
    """
    if not names:
        raise ValueError("a certificate needs a name")
    key = keys.make(kind)
    not_before = _midnight(now)
    not_after = min(
        not_before + validity - timedelta(seconds=1), signer.certificate.not_valid_after_utc
    )
    subject = _name(names[0] if len(names[0]) <= _LONGEST_COMMON_NAME else "")
    certificate = (
        _builder(subject, key, not_before, not_after)
        .issuer_name(signer.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(encipher=isinstance(key, rsa.RSAPrivateKey)), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_alternative_names(names), critical=not list(subject))
        .add_extension(_identifier_of(signer.certificate), critical=False)
        .sign(signer.key, _hash_for(signer.key))
    )
    return Issued(
        certificate=to_pem(certificate),
        key=keys.to_pem(key),
        chain=to_pem(signer.certificate) + to_pem(root),
        serial=certificate.serial_number,
        not_before=not_before,
        not_after=not_after,
    )


def to_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, key: Key, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority(
    subject: x509.Name, key: Key, not_before: datetime, validity: timedelta, path_length: int
) -> x509.CertificateBuilder:
    return (
        _builder(subject, key, not_before, not_before + validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
    )


def _name(common_name: str, organization: str = "") -> x509.Name:
    kinds = {NameOID.ORGANIZATION_NAME: organization, NameOID.COMMON_NAME: common_name}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in kinds.items() if value])


def _usage(*, sign_certificates: bool = False, encipher: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _identifier_of(signer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(one) for one in dict.fromkeys(names)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _hash_for(key: Key) -> hashes.SHA256 | hashes.SHA384:
    large = isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256
    return hashes.SHA384() if large else hashes.SHA256()


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)
