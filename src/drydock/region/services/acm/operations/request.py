"""The parameters of RequestCertificate and their validation. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from moto.acm.exceptions import AWSValidationException
from moto.core.exceptions import AWSError

from drydock.region.services.acm.operations import names

ALGORITHMS = ("RSA_2048", "EC_prime256v1", "EC_secp384r1")
"""The key algorithms of public certificates (https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html)."""
_MOST_NAMES = 10


@dataclass(frozen=True)
class Request:
    """The parameters; empty where they were left out."""

    domain: str
    alternatives: list[str] = field(default_factory=list)
    method: str = ""
    algorithm: str = ""
    token: str = ""
    options: dict[str, str] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    private_authority: str = ""

    @cached_property
    def names(self) -> list[str]:
        """Every name once, in lower case, the domain first."""
        asked = (self.domain, *self.alternatives)
        return list(dict.fromkeys(name.lower() for name in asked))

    def check(self) -> None:
        """Raise AWSError for an invalid request, in ACM's words where ACM would refuse it."""
        if words := names.complaint(self.domain, self.alternatives):
            raise AWSValidationException(words)
        if len(self.names) > _MOST_NAMES:
            raise AWSError(
                f"A certificate can have {_MOST_NAMES} domain names; {len(self.names)} were asked for.",
                exception_type="LimitExceededException",
            )
        if self.private_authority:
            raise AWSValidationException(
                "Drydock's local region has no AWS Private CA; leave CertificateAuthorityArn out."
            )
        if self.method != "DNS":
            raise AWSValidationException(
                f"Drydock's local region validates by DNS alone, not by {self.method or 'EMAIL'} "
                "(the API's default is EMAIL): set ValidationMethod to DNS."
            )
        if self.algorithm and self.algorithm not in ALGORITHMS:
            raise AWSValidationException(
                f"The key algorithm {self.algorithm} is not supported for public certificates; "
                f"it is one of {', '.join(ALGORITHMS)}."
            )
