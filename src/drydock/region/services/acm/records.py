"""The record of a certificate.

moto 5.2.5: a requested certificate has a self-signed one at once, becomes ISSUED by being described
a minute later, and forgets its key algorithm and its validation method.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from moto.acm.models import CertBundle, TagHolder


@dataclass
class Renewal:
    """The newest renewal of an issued certificate."""

    status: str
    """PENDING_AUTO_RENEWAL, PENDING_VALIDATION, SUCCESS or FAILED."""
    updated_at: datetime
    validated: set[str] = field(default_factory=set)
    """The names that have been validated again."""
    reason: str | None = None


class Certificate(CertBundle):
    """A certificate of ACM. Requests set what was asked for, the controller the rest.

    `cert`, `key` and `chain` are PEM, empty as long as there is none; `status` is ACM's. Times are
    UTC.
    """

    vouched = False
    """Whether the account had it before the region: its names count as validated."""

    def __init__(
        self, arn: str, kind: str, names: list[str], algorithm: str, options: dict[str, str]
    ) -> None:
        # moto's own __init__ requires a certificate and its key, which a controller issues later.
        self.arn = arn
        self.type = kind  # AMAZON_ISSUED or IMPORTED
        self.status = "PENDING_VALIDATION"
        self.names = names
        self.algorithm = algorithm  # "RSA_2048", "EC_prime256v1", …
        self.cert_options: dict[str, str] = {
            "CertificateTransparencyLoggingPreference": "ENABLED",
            "Export": "DISABLED",
            **options,
        }
        self.tags = TagHolder()
        self.cert = self.key = self.chain = b""
        self.created_at = datetime.now(UTC)
        self.issued_at: datetime | None = None
        self.imported_at: datetime | None = None
        self.validated: set[str] = set()
        self.failure_reason: str | None = None
        self.renewal: Renewal | None = None
        self.renewal_asked = False
        self.exported = False
        self.cert_authority_arn = None
        self.in_use_by: list[str] = []  # noted by ELBv2; `AcmBackend.in_use_by` looks for itself

    @property
    def common_name(self) -> str:
        return self.names[0] if self.names else ""

    @property
    def sans(self) -> list[str]:  # type: ignore[override]
        return list(self.names)

    @property
    def x509(self) -> x509.Certificate | None:
        """The certificate; None as long as there is none."""
        return _parsed(self.cert) if self.cert else None

    def check(self) -> None:
        """Do nothing: moto issues a certificate when it is read, here the controller does."""

    def issue(self, cert: bytes, key: bytes, chain: bytes, at: datetime) -> None:
        """Set the issued certificate, the first one or a renewed one."""
        self.cert, self.key, self.chain = cert, key, chain
        self.status = "ISSUED"
        if self.issued_at is not None:
            self.renewal = Renewal("SUCCESS", at, set(self.names))
        self.issued_at = at
        self.renewal_asked = self.exported = False
        self.validated = set(self.names)

    def import_(
        self, cert: bytes, key: bytes, chain: bytes, names: list[str], algorithm: str
    ) -> None:
        """Set a checked, imported certificate."""
        self.cert, self.key, self.chain = cert, key, chain
        self.names, self.algorithm = names, algorithm
        self.status = "ISSUED"
        self.imported_at = self.created_at if self.imported_at is None else datetime.now(UTC)

    def encrypted_key(self, passphrase: bytes) -> str:
        """Return the key as PKCS #8 in PEM, as ExportCertificate gives it."""
        key: Any = serialization.load_pem_private_key(self.key, None)
        encrypted: bytes = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )
        return encrypted.decode()


@lru_cache(maxsize=64)
def _parsed(data: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(data)
