"""WAF's errors, with WAF's messages.

moto 5.2.5 calls a duplicate WafV2DuplicateItem, which no client recognizes.
https://docs.aws.amazon.com/waf/latest/APIReference/CommonErrors.html and the errors of each
operation
"""

from __future__ import annotations

import json

from moto.core.exceptions import JsonRESTError


class WafError(JsonRESTError):
    """Any of WAF's errors."""

    code = 400


class InvalidParameterError(WafError):
    """WAFInvalidParameterException, with the members that locate the error."""

    def __init__(self, reason: str, field: str, parameter: str) -> None:
        message = f"Error reason: {reason}, field: {field}, parameter: {parameter}"
        super().__init__("WAFInvalidParameterException", message)
        self.description = json.dumps(
            {
                "__type": self.error_type,
                "message": message,
                "Field": field,
                "Parameter": parameter,
                "Reason": reason,
            }
        )


def unserved(
    rule: str, statement: str, what: str, field: str = "STATEMENT"
) -> InvalidParameterError:
    """A feature of WAF that the local region does not support: refused rather than ignored."""
    reason = f"Drydock's local region cannot judge {what} (rule {rule}: {statement})."
    return InvalidParameterError(reason, field, statement)


def duplicate() -> WafError:
    return WafError(
        "WAFDuplicateItemException",
        "AWS WAF couldn't perform the operation because some resource in your request is a duplicate "
        "of an existing one.",
    )


def nonexistent(what: str) -> WafError:
    return WafError(
        "WAFNonexistentItemException",
        f"AWS WAF couldn't perform the operation because your resource doesn't exist: {what}.",
    )


def changed_meanwhile() -> WafError:
    return WafError(
        "WAFOptimisticLockException",
        "AWS WAF couldn't save your changes because someone changed the resource after you started to "
        "edit it. Reapply your changes.",
    )


def in_use(by: str) -> WafError:
    return WafError(
        "WAFAssociatedItemException",
        "AWS WAF couldn't perform the operation because your resource is being used by another resource "
        f"or it's associated with another resource: {by}.",
    )


def unavailable(what: str) -> WafError:
    return WafError(
        "WAFUnavailableEntityException",
        f"AWS WAF couldn't retrieve the resource that you requested ({what}). Retry your request.",
    )


def too_much(what: str) -> WafError:
    return WafError(
        "WAFLimitsExceededException",
        f"AWS WAF couldn't perform the operation because you exceeded your resource limit: {what}.",
    )


def out_of_bounds(found: list[str]) -> WafError:
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    return WafError("ValidationException", f"{count}: {'; '.join(found)}")
