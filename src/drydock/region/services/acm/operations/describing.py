"""A certificate as DescribeCertificate and ListCertificates show it. Pure.

https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html moto 5.2.5 shows a
pending one with a serial number and a validity, a serial number in decimal, one validation record
for all domains, no key usages and no renewal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from drydock.region.services.acm.operations import names
from drydock.region.services.acm.records import Certificate, Renewal

_USAGES = {
    "digital_signature": "DIGITAL_SIGNATURE",
    "content_commitment": "NON_REPUDIATION",
    "key_encipherment": "KEY_ENCIPHERMENT",
    "data_encipherment": "DATA_ENCIPHERMENT",
    "key_agreement": "KEY_AGREEMENT",
    "key_cert_sign": "CERTIFICATE_SIGNING",
    "crl_sign": "CRL_SIGNING",
}
_EXTENDED_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS_WEB_SERVER_AUTHENTICATION",
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS_WEB_CLIENT_AUTHENTICATION",
    ExtendedKeyUsageOID.CODE_SIGNING: "CODE_SIGNING",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "EMAIL_PROTECTION",
    ExtendedKeyUsageOID.TIME_STAMPING: "TIME_STAMPING",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP_SIGNING",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "ANY",
}
_SUMMARIZED = (
    "CertificateArn", "DomainName", "Status", "Type", "KeyAlgorithm", "RenewalEligibility", "NotBefore",
    "NotAfter", "CreatedAt", "IssuedAt", "ImportedAt", "CertificateKeyPairOrigin",
)  # fmt: skip


def detail(record: Certificate, account_id: str, in_use_by: list[str]) -> dict[str, Any]:
    """Return the `CertificateDetail`, without unknown members."""
    asked = record.type == "AMAZON_ISSUED"
    shown: dict[str, Any] = {
        "CertificateArn": record.arn,
        "DomainName": record.common_name,
        "SubjectAlternativeNames": record.names,
        "Subject": f"CN={record.common_name}",
        "Status": record.status,
        "Type": record.type,
        # with a hyphen, unlike the names that RequestCertificate takes
        "KeyAlgorithm": record.algorithm.replace("_", "-", 1),
        "SignatureAlgorithm": "SHA256WITHRSA" if "RSA" in record.algorithm else "SHA256WITHECDSA",
        "InUseBy": in_use_by,
        "KeyUsages": [],
        "ExtendedKeyUsages": [],
        "RenewalEligibility": "ELIGIBLE" if eligible(record, in_use_by) else "INELIGIBLE",
        "Options": dict(record.cert_options),
        "CreatedAt": record.created_at,
        "CertificateKeyPairOrigin": "AWS_MANAGED" if asked else "CUSTOMER_PROVIDED",
        "ImportedAt": record.imported_at,
        "IssuedAt": record.issued_at,
        "FailureReason": record.failure_reason,
    }
    if asked:
        shown["DomainValidationOptions"] = _validations(
            record.names, account_id, record.validated, failed=bool(record.failure_reason)
        )
    else:
        shown["DomainValidationOptions"] = [{"DomainName": record.common_name}]
        shown["Options"] = {"CertificateTransparencyLoggingPreference": "DISABLED"}
    if record.x509 is not None:
        shown.update(_of_certificate(record.x509))
    if record.renewal is not None:
        shown["RenewalSummary"] = _renewal(record, record.renewal, account_id)
    return {key: value for key, value in shown.items() if value is not None}


def summary(record: Certificate, account_id: str, in_use_by: list[str]) -> dict[str, Any]:
    """Return the `CertificateSummary`."""
    full = detail(record, account_id, in_use_by)
    return {
        **{key: full[key] for key in _SUMMARIZED if key in full},
        "SubjectAlternativeNameSummaries": record.names,
        "HasAdditionalSubjectAlternativeNames": False,
        "KeyUsages": [one["Name"] for one in full["KeyUsages"]],
        "ExtendedKeyUsages": [one["Name"] for one in full["ExtendedKeyUsages"]],
        "ExportOption": record.cert_options["Export"],
        "InUse": bool(in_use_by),
        "Exported": record.exported,
    }


def eligible(record: Certificate, in_use_by: list[str], now: datetime | None = None) -> bool:
    """Return whether ACM renews the certificate by itself.

    https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
    """
    if record.type != "AMAZON_ISSUED" or record.status != "ISSUED" or record.x509 is None:
        return False
    expired = record.x509.not_valid_after_utc <= (now or datetime.now(UTC))
    return not expired and (bool(in_use_by) or record.exported)


def _validations(
    domains: list[str], account_id: str, validated: set[str], *, failed: bool
) -> list[dict[str, Any]]:
    waiting = "FAILED" if failed else "PENDING_VALIDATION"
    shown = []
    for domain in domains:
        record = names.validation_record(account_id, domain)
        shown.append(
            {
                "DomainName": domain,
                "ValidationDomain": domain,
                "ValidationStatus": "SUCCESS" if domain in validated else waiting,
                "ResourceRecord": {"Name": record.name, "Type": "CNAME", "Value": record.value},
                "ValidationMethod": "DNS",
            }
        )
    return shown


def _renewal(record: Certificate, renewal: Renewal, account_id: str) -> dict[str, Any]:
    failed = renewal.status == "FAILED"
    shown = {
        "RenewalStatus": renewal.status,
        "DomainValidationOptions": _validations(
            record.names, account_id, renewal.validated, failed=failed
        ),
        "RenewalStatusReason": renewal.reason,
        "UpdatedAt": renewal.updated_at,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _of_certificate(certificate: x509.Certificate) -> dict[str, Any]:
    number = f"{certificate.serial_number:x}"
    digits = number.zfill(len(number) + len(number) % 2)
    return {
        "Serial": ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)),
        "Subject": certificate.subject.rfc4514_string(),
        "Issuer": _issuer(certificate),
        "NotBefore": certificate.not_valid_before_utc,
        "NotAfter": certificate.not_valid_after_utc,
        "SignatureAlgorithm": _signature(certificate),
        "KeyUsages": _key_usages(certificate),
        "ExtendedKeyUsages": _extended_key_usages(certificate),
    }


def _issuer(certificate: x509.Certificate) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found = certificate.issuer.get_attributes_for_oid(kind)
        if found:
            return str(found[0].value)
    return certificate.issuer.rfc4514_string()


def _signature(certificate: x509.Certificate) -> str:
    """Return the signature algorithm: `SHA256WITHRSA`, `SHA384WITHECDSA`; "NONE" where it has no
    hash of its own.
    """
    algorithm = certificate.signature_hash_algorithm
    digest = algorithm.name.upper() if algorithm else "NONE"
    parameters = certificate.signature_algorithm_parameters
    rsa = isinstance(parameters, padding.PKCS1v15 | padding.PSS)
    return f"{digest}WITH{'RSA' if rsa else 'ECDSA'}"


def _key_usages(certificate: x509.Certificate) -> list[dict[str, str]]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return [{"Name": "ANY"}]
    return [{"Name": shown} for name, shown in _USAGES.items() if getattr(usage, name)]


def _extended_key_usages(certificate: x509.Certificate) -> list[dict[str, str]]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return [{"Name": "NONE", "OID": ""}]
    return [
        {"Name": _EXTENDED_USAGES.get(one, "CUSTOM"), "OID": one.dotted_string} for one in usage
    ]
