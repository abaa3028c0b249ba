"""Certificates for tests, and TLS handshakes with their results."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class SelfSigned:
    """A self-signed certificate."""

    certificate: str
    key: str

    @property
    def pem(self) -> str:
        return self.certificate + self.key


def self_signed(*names: str) -> SelfSigned:
    """Create a certificate for some names, valid from an hour ago for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        .sign(key, hashes.SHA256())
    )
    return SelfSigned(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


@dataclass(frozen=True)
class Handshake:
    """The parameters that a client and a server agreed on."""

    serial: int
    version: str
    cipher: str
    alpn: str


def handshake(
    port: int,
    name: str | None = None,
    version: ssl.TLSVersion | None = None,
    ciphers: str | None = None,
    alpn: tuple[str, ...] = (),
) -> Handshake:
    """Connect to a loopback port without verifying its certificate. Raises ssl.SSLError if refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None and version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    if ciphers is not None:
        context.set_ciphers(ciphers)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(list(alpn))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        leaf = secured.getpeercert(binary_form=True)
        cipher = secured.cipher()
        assert leaf
        assert cipher
        return Handshake(
            x509.load_der_x509_certificate(leaf).serial_number,
            secured.version() or "",
            cipher[0],
            secured.selected_alpn_protocol() or "",
        )


def serial(pem: str) -> int:
    """Return the serial number of the first certificate in a PEM text."""
    return x509.load_pem_x509_certificate(pem.encode()).serial_number
