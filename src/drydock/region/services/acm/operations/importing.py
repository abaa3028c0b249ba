"""Validate the certificates of ImportCertificate. Pure.

moto 5.2.5 accepts a key of another certificate, any chain or none. The rules:
https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html and the error
messages, where AWS publishes them: https://repost.aws/knowledge-center/acm-import-troubleshooting
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from moto.acm.exceptions import AWSValidationException

_LARGEST_KEY = 5120
_SIZES = (1024, 2048, 3072, 4096)
_CURVES = {"secp256r1": "prime256v1", "secp384r1": "secp384r1", "secp521r1": "secp521r1"}
_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Checked:
    """The names and key algorithm of a valid certificate."""

    names: list[str]
    """The subject's common name first, if it has one."""
    algorithm: str
    """As ACM calls it: "RSA_2048", "EC_prime256v1"."""


def check(certificate: bytes, private_key: bytes, chain: bytes, now: datetime) -> Checked:
    """Check certificate, key and chain in PEM; `chain` may be empty.

    Raises AWSValidationException in ACM's words.
    """
    if certificate.count(_BEGIN) > 1:
        raise AWSValidationException(
            "The certificate field contains more than one certificate. "
            "You can specify only one certificate in this field."
        )
    leaf = _parse(certificate)[0]
    key = _load(private_key)
    algorithm = _algorithm(key.public_key())
    if key.public_key() != leaf.public_key():
        raise AWSValidationException("The private key does not match the certificate.")
    if leaf.version is not x509.Version.v3:
        raise AWSValidationException("The certificate is not an X.509 version 3 certificate.")
    if not list(leaf.issuer):
        raise AWSValidationException("The Issuer field of the certificate is empty.")
    _check_time(leaf, "certificate", now)
    _check_chain(leaf, _parse(chain) if chain else [], now)
    return Checked(names_of(leaf), algorithm)


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the names of a certificate: the subject's, then the alternative ones."""
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    names = [str(one.value) for one in common[:1]]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return names
    names += extension.value.get_values_for_type(x509.DNSName)
    names += [str(one) for one in extension.value.get_values_for_type(x509.IPAddress)]
    return list(dict.fromkeys(names))


def _parse(data: bytes) -> list[x509.Certificate]:
    if _BEGIN not in data:
        raise AWSValidationException(
            "The certificate body/chain provided is not in a valid PEM format."
        )
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise AWSValidationException(
            "Unable to parse certificate. Please ensure the certificate is in PEM format."
        ) from error


def _load(data: bytes) -> Any:
    if len(data) > _LARGEST_KEY:
        raise AWSValidationException(f"The private key is larger than {_LARGEST_KEY} bytes.")
    try:
        return serialization.load_pem_private_key(data, None)
    except TypeError as error:
        raise AWSValidationException("Your private key should not be encrypted.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AWSValidationException("The private key is not supported.") from error


def _algorithm(key: Any) -> str:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _SIZES:
        return f"RSA_{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return f"EC_{_CURVES[key.curve.name]}"
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise AWSValidationException("The private key length is not supported for key algorithm.")
    raise AWSValidationException("The private key is not supported.")


def _check_time(certificate: x509.Certificate, what: str, now: datetime) -> None:
    if certificate.not_valid_after_utc < now:
        raise AWSValidationException(f"The {what} has expired, is not valid.")
    if certificate.not_valid_before_utc > now:
        raise AWSValidationException(f"The {what} is not in effect yet, is not valid.")


def _check_chain(leaf: x509.Certificate, chain: list[x509.Certificate], now: datetime) -> None:
    """Check that each certificate certifies the one before it; the root may be left out."""
    if not chain:
        if not _issued_by(leaf, leaf):
            raise AWSValidationException(
                "Provided certificate is not a valid self signed. "
                "Please provide either a valid self-signed certificate or certificate chain."
            )
        return
    before = leaf
    for certificate in chain:
        if not _issued_by(before, certificate) or not _may_sign(certificate, leaf):
            raise AWSValidationException(
                "Could not validate the certificate with the certificate chain."
            )
        _check_time(certificate, "certificate chain", now)
        before = certificate
    if type(leaf.public_key()) is not type(chain[0].public_key()):
        raise AWSValidationException(
            "The cryptographic algorithm of the certificate must match the algorithm of the signing CA."
        )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(certificate: x509.Certificate, leaf: x509.Certificate) -> bool:
    if certificate == leaf:  # a self-signed one may be given as its own chain
        return True
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.version is not x509.Version.v3  # old roots say nothing
