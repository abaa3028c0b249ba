"""The ACM backend: requested certificates wait for the controller, imported ones are checked first.

moto 5.2.5 issues by the clock, deletes what listeners use, forgets the tokens' certificates when
they are deleted (and fails then), and lacks RenewCertificate and UpdateCertificateOptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.acm.exceptions import AWSValidationException, CertificateNotFound
from moto.acm.models import AWSCertificateManagerBackend
from moto.acm.utils import make_arn_for_certificate
from moto.core.exceptions import AWSError
from moto.elbv2.models import elbv2_backends

from drydock.region.services.acm.operations import describing, importing
from drydock.region.services.acm.operations.request import ALGORITHMS, Request
from drydock.region.services.acm.records import Certificate, Renewal


class AcmBackend(AWSCertificateManagerBackend):
    """The ACM backend of the API; certificates by ARN."""

    _certificates: dict[str, Certificate]  # type: ignore[assignment]

    @property
    def certificates(self) -> dict[str, Certificate]:
        """All certificates by ARN. The controller reads and writes them under the store's lock."""
        return self._certificates

    def get_certificate(self, arn: str) -> Certificate:
        """Return the record of a certificate in any status. Raises CertificateNotFound."""
        if arn not in self._certificates:
            raise CertificateNotFound(arn=arn, account_id=self.account_id)
        return self._certificates[arn]

    def set_certificate_in_use_by(self, arn: str, load_balancer_name: str) -> None:
        """Only check the ARN: moto's ELBv2 reports uses but never their end; see `in_use_by`."""
        del load_balancer_name
        self.get_certificate(arn)

    def in_use_by(self, arn: str) -> list[str]:
        """Return the ARNs of the load balancers whose listeners use the certificate, as default or
        not.
        """
        balancers: Iterable[Any] = elbv2_backends[self.account_id][
            self.region_name
        ].load_balancers.values()
        return sorted(
            balancer.arn
            for balancer in balancers
            if any(
                arn in (listener.certificate, *listener.certificates)
                for listener in balancer.listeners.values()
            )
        )

    def detail(self, arn: str) -> dict[str, Any]:
        """Return the answer of DescribeCertificate."""
        record = self.get_certificate(arn)
        return describing.detail(record, self.account_id, self.in_use_by(arn))

    def summary(self, arn: str) -> dict[str, Any]:
        """Return one entry of ListCertificates."""
        record = self.get_certificate(arn)
        return describing.summary(record, self.account_id, self.in_use_by(arn))

    def request(self, asked: Request) -> str:
        """RequestCertificate; returns the ARN. Raises AWSError in ACM's words."""
        asked.check()
        same = f"{asked.token} {asked.names}"
        if asked.token and (known := self._get_arn_from_idempotency_token(same)):
            return known
        record = Certificate(
            make_arn_for_certificate(self.account_id, self.region_name),
            "AMAZON_ISSUED",
            asked.names,
            asked.algorithm or ALGORITHMS[0],
            asked.options,
        )
        record.tags.add(asked.tags)
        self._certificates[record.arn] = record
        if asked.token:
            self._set_idempotency_token_arn(same, record.arn)
        return record.arn

    def import_(
        self, certificate: bytes, key: bytes, chain: bytes, arn: str, tags: list[dict[str, str]]
    ) -> str:
        """ImportCertificate, replacing the imported one `arn` if given; returns the ARN."""
        before = self._replaceable(arn, tags) if arn else None
        checked = importing.check(certificate, key, chain, datetime.now(UTC))
        if before is None:
            new = make_arn_for_certificate(self.account_id, self.region_name)
            record = Certificate(new, "IMPORTED", checked.names, checked.algorithm, {})
            record.tags.add(tags)
        else:
            record = before
            if record.algorithm != checked.algorithm:
                raise AWSValidationException(
                    "The key type and size of a reimported certificate must be those of the original."
                )
            if not set(record.names) & set(checked.names):
                raise AWSValidationException(
                    "A reimported certificate must keep at least one of the original's domain names."
                )
        record.import_(
            _lines(certificate), _lines(key), _lines(chain), checked.names, checked.algorithm
        )
        self._certificates[record.arn] = record
        return record.arn

    def _replaceable(self, arn: str, tags: list[dict[str, str]]) -> Certificate:
        record = self.get_certificate(arn)
        if record.type != "IMPORTED":
            raise AWSValidationException(
                f"Certificate {arn} was not imported, so it cannot be reimported."
            )
        if tags:
            raise AWSValidationException("Tags cannot be applied when reimporting a certificate.")
        return record

    def delete_certificate(self, arn: str) -> None:
        """DeleteCertificate. Raises AWSError when a listener uses it."""
        self.get_certificate(arn)
        if users := self.in_use_by(arn):
            raise AWSError(
                f"Certificate {arn} in account {self.account_id} is in use by {', '.join(users)}.",
                exception_type="ResourceInUseException",
            )
        del self._certificates[arn]
        self._idempotency_tokens = {
            token: one for token, one in self._idempotency_tokens.items() if one["arn"] != arn
        }

    def issued(self, arn: str) -> Certificate:
        """Return an issued certificate. Raises AWSError if it is not issued yet, or never will be."""
        record = self.get_certificate(arn)
        if record.status == "PENDING_VALIDATION":
            raise AWSError(
                f"Certificate {arn} is not issued yet.", exception_type="RequestInProgressException"
            )
        if not record.cert:
            raise AWSValidationException(f"Certificate {arn} has the status {record.status}.")
        return record

    def export(self, arn: str, passphrase: bytes) -> Certificate:
        """Check that ExportCertificate is allowed, and note the export."""
        record = self.issued(arn)
        if not self.MIN_PASSPHRASE_LEN <= len(passphrase) <= 128:
            raise AWSValidationException(
                "1 validation error detected: Value at 'passphrase' failed to satisfy constraint: "
                f"Member must have length between {self.MIN_PASSPHRASE_LEN} and 128"
            )
        if record.type != "AMAZON_ISSUED" or record.cert_options["Export"] != "ENABLED":
            raise AWSValidationException(f"Certificate {arn} is not exportable.")
        record.exported = True
        return record

    def renew(self, arn: str) -> None:
        """RenewCertificate: the controller renews it, if its domains are still validated."""
        record = self.get_certificate(arn)
        if record.status == "PENDING_VALIDATION" or record.renewal_asked:
            raise AWSError(
                f"The certificate request or renewal of {arn} is in progress.",
                exception_type="RequestInProgressException",
            )
        if not describing.eligible(record, self.in_use_by(arn)):
            raise AWSValidationException(
                f"Certificate {arn} is not eligible for renewal: it has to be issued by ACM, valid, "
                "and in use or exported."
            )
        record.renewal_asked = True
        record.renewal = Renewal("PENDING_AUTO_RENEWAL", datetime.now(UTC))

    def update_options(self, arn: str, options: dict[str, str]) -> None:
        """UpdateCertificateOptions."""
        record = self.get_certificate(arn)
        if record.type != "AMAZON_ISSUED":
            raise AWSValidationException(f"Certificate {arn} was imported and has no options.")
        if record.status not in ("PENDING_VALIDATION", "ISSUED"):
            raise AWSError(
                f"Certificate {arn} has the status {record.status}.",
                exception_type="InvalidStateException",
            )
        method = options.get("ValidationMethod", "DNS")
        if method != "DNS":
            raise AWSValidationException(
                f"Drydock's local region validates by DNS alone, not by {method}."
            )
        record.cert_options.update(
            {key: value for key, value in options.items() if key != "ValidationMethod"}
        )


def _lines(pem: bytes) -> bytes:
    """Return PEM that ends with a line break, so that one file can hold certificate, chain and key."""
    return pem.strip() + b"\n" if pem else b""
