"""The ACM operations on our backend.

moto 5.2.5 drops the key algorithm and the validation method of RequestCertificate, and the filters,
order and pages of ListCertificates, and lacks TagResource and its like, which newer SDKs have.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from moto.acm.exceptions import AWSValidationException
from moto.acm.models import acm_backends
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult

from drydock.region.services.acm.operations.request import Request

if TYPE_CHECKING:
    from drydock.region.services.acm.operations.backend import AcmBackend

_USUAL_ALGORITHMS = ("RSA_1024", "RSA_2048")
"""The key algorithms that ListCertificates shows without `keyTypes`."""
_PAGE = 1000


class AcmResponse(AWSCertificateManagerResponse):
    """The ACM operations on our backend."""

    @property
    def ours(self) -> AcmBackend:
        backend: Any = acm_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def request_certificate(self) -> ActionResult:
        options = self._get_param("Options") or {}
        arn = self.ours.request(
            Request(
                domain=self._required("DomainName"),
                alternatives=self._get_param("SubjectAlternativeNames") or [],
                method=self._get_param("ValidationMethod") or options.pop("ValidationMethod", ""),
                algorithm=self._get_param("KeyAlgorithm") or "",
                token=self._get_param("IdempotencyToken") or "",
                options=options,
                tags=self._get_param("Tags") or [],
                private_authority=self._get_param("CertificateAuthorityArn") or "",
            )
        )
        return ActionResult({"CertificateArn": arn})

    def import_certificate(self) -> ActionResult:
        arn = self.ours.import_(
            certificate=self._blob("Certificate"),
            key=self._blob("PrivateKey"),
            chain=self._blob("CertificateChain", optional=True),
            arn=self._get_param("CertificateArn") or "",
            tags=self._get_param("Tags") or [],
        )
        return ActionResult({"CertificateArn": arn})

    def describe_certificate(self) -> ActionResult:
        return ActionResult({"Certificate": self.ours.detail(self._required("CertificateArn"))})

    def get_certificate(self) -> ActionResult:
        record = self.ours.issued(self._required("CertificateArn"))
        answer = {"Certificate": record.cert.decode()}
        if record.chain:
            answer["CertificateChain"] = record.chain.decode()
        return ActionResult(answer)

    def list_certificates(self) -> ActionResult:
        found = [self.ours.summary(arn) for arn in self.ours.certificates]
        statuses = self._get_param("CertificateStatuses")
        includes = self._get_param("Includes") or {}
        found = [
            one
            for one in found
            if (not statuses or one["Status"] in statuses) and _is_included(one, includes)
        ]
        if self._get_param("SortBy") == "CREATED_AT":
            descending = self._get_param("SortOrder") == "DESCENDING"
            found.sort(key=lambda one: one["CreatedAt"], reverse=descending)
        start = self._page_start()
        end = start + int(self._get_param("MaxItems") or _PAGE)
        answer: dict[str, Any] = {"CertificateSummaryList": found[start:end]}
        if end < len(found):
            answer["NextToken"] = str(end)
        return ActionResult(answer)

    def export_certificate(self) -> ActionResult:
        passphrase = self._blob("Passphrase")
        record = self.ours.export(self._required("CertificateArn"), passphrase)
        return ActionResult(
            {
                "Certificate": record.cert.decode(),
                "CertificateChain": record.chain.decode(),
                "PrivateKey": record.encrypted_key(passphrase),
            }
        )

    def renew_certificate(self) -> ActionResult:
        self.ours.renew(self._required("CertificateArn"))
        return EmptyResult()

    def update_certificate_options(self) -> ActionResult:
        self.ours.update_options(self._required("CertificateArn"), self._get_param("Options") or {})
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        tags = self.ours.get_certificate(self._required("ResourceArn")).tags
        return ActionResult(
            {"Tags": [{"Key": key, "Value": value or ""} for key, value in tags.items()]}
        )

    def tag_resource(self) -> ActionResult:
        self.ours.add_tags_to_certificate(
            self._required("ResourceArn"), self._get_param("Tags") or []
        )
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        self.ours.untag_resource(self._required("ResourceArn"), self._get_param("TagKeys") or [])
        return EmptyResult()

    def resend_validation_email(self) -> ActionResult:
        arn = self._required("CertificateArn")
        self.ours.get_certificate(arn)
        raise AWSError(
            f"Certificate {arn} is not validated by email.", exception_type="InvalidStateException"
        )

    def _required(self, name: str) -> str:
        value = self._get_param(name)
        if not value:
            raise AWSValidationException(
                "A required parameter for the specified action is not supplied."
            )
        return str(value)

    def _blob(self, name: str, *, optional: bool = False) -> bytes:
        if optional and not self._get_param(name):
            return b""
        try:
            return base64.b64decode(self._required(name))
        except (binascii.Error, ValueError) as error:
            raise AWSValidationException(f"{name} is not base64.") from error

    def _page_start(self) -> int:
        token = self._get_param("NextToken") or "0"
        if not token.isdecimal():
            raise AWSValidationException("The NextToken is not valid.")
        return int(token)


def _is_included(summary: dict[str, Any], includes: dict[str, Any]) -> bool:
    """Return whether filters include a certificate,
    https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html
    """
    if summary["KeyAlgorithm"].replace("-", "_") not in includes.get("keyTypes", _USUAL_ALGORITHMS):
        return False
    for asked, shown in (("keyUsage", "KeyUsages"), ("extendedKeyUsage", "ExtendedKeyUsages")):
        if asked in includes and not set(includes[asked]) & set(summary[shown]):
            return False
    if "managedBy" in includes:
        return False
    return bool(includes.get("exportOption", summary["ExportOption"]) == summary["ExportOption"])
