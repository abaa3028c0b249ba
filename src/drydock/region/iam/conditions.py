"""The condition operators. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from drydock.region.iam.matching import Context, UnresolvedError, filled, fits, fits_arn, unmasked
from drydock.region.iam.policy import Condition

Test = Callable[[str, str], bool]
"""(the policy's value, the request's) → whether they match."""


def met(conditions: tuple[Condition, ...], context: Context, *, variables: bool = True) -> bool:
    """Return whether every condition holds. An unknown operator never does."""
    return all(_holds(one, context, variables) for one in conditions)


def _holds(condition: Condition, context: Context, variables: bool) -> bool:
    operator, key, wanted = condition
    actual = context.get(key.lower())
    quantifier, colon, rest = operator.partition(":")
    name = (rest if colon else operator).lower()
    quantifier = quantifier.lower() if colon else ""
    if name == "null":
        return any((word.lower() == "true") == (actual is None) for word in wanted)
    optional = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    test, negated = _OPERATORS.get(name, (None, False))
    if test is None:
        return False
    values = _filled(wanted, context) if variables else list(wanted)
    if not actual:
        # a key that the request lacks: "not equal to" holds, so does "for all of none"
        return optional or quantifier == "forallvalues" or (negated and quantifier == "")
    return _agree(quantifier, test, negated, values, actual)


def _agree(
    quantifier: str, test: Test, negated: bool, wanted: list[str], actual: tuple[str, ...]
) -> bool:
    """Return whether values match; a negated operator holds for a value that matches none of the
    policy's.
    """

    def holds(value: str) -> bool:
        return any(_safely(test, want, value) for want in wanted) is not negated

    if quantifier == "forallvalues":
        return all(holds(value) for value in actual)
    if quantifier == "foranyvalue":
        return any(holds(value) for value in actual)
    if quantifier:
        return False
    if negated:
        return all(holds(value) for value in actual)
    return any(holds(value) for value in actual)


def _filled(wanted: tuple[str, ...], context: Context) -> list[str]:
    values = []
    for word in wanted:
        try:
            values.append(filled(word, context))
        except UnresolvedError:
            continue
    return values


def _safely(test: Test, wanted: str, actual: str) -> bool:
    """Return whether a test matches; an invalid number, date or address matches nothing."""
    try:
        return test(wanted, actual)
    except (ValueError, binascii.Error):
        return False


def _number(compare: Callable[[float, float], bool]) -> Test:
    return lambda wanted, actual: compare(float(actual), float(unmasked(wanted)))


def _date(compare: Callable[[float, float], bool]) -> Test:
    return lambda wanted, actual: compare(_seconds(actual), _seconds(unmasked(wanted)))


def _seconds(text: str) -> float:
    """Return seconds since 1970, from a date (ISO 8601) or from seconds."""
    try:
        return float(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _equal(wanted: str, actual: str) -> bool:
    return unmasked(wanted) == actual


def _equal_words(wanted: str, actual: str) -> bool:
    return unmasked(wanted).lower() == actual.lower()


def _in_network(wanted: str, actual: str) -> bool:
    return ip_address(actual) in ip_network(unmasked(wanted), strict=False)


def _same_bytes(wanted: str, actual: str) -> bool:
    return base64.b64decode(unmasked(wanted)) == base64.b64decode(actual)


_OPERATORS: dict[str, tuple[Test, bool]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_equal_words, False),
    "stringnotequalsignorecase": (_equal_words, True),
    "stringlike": (fits, False),
    "stringnotlike": (fits, True),
    "numericequals": (_number(lambda a, b: a == b), False),
    "numericnotequals": (_number(lambda a, b: a == b), True),
    "numericlessthan": (_number(lambda a, b: a < b), False),
    "numericlessthanequals": (_number(lambda a, b: a <= b), False),
    "numericgreaterthan": (_number(lambda a, b: a > b), False),
    "numericgreaterthanequals": (_number(lambda a, b: a >= b), False),
    "dateequals": (_date(lambda a, b: a == b), False),
    "datenotequals": (_date(lambda a, b: a == b), True),
    "datelessthan": (_date(lambda a, b: a < b), False),
    "datelessthanequals": (_date(lambda a, b: a <= b), False),
    "dategreaterthan": (_date(lambda a, b: a > b), False),
    "dategreaterthanequals": (_date(lambda a, b: a >= b), False),
    "bool": (_equal_words, False),
    "binaryequals": (_same_bytes, False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
    "arnequals": (fits_arn, False),
    "arnlike": (fits_arn, False),
    "arnnotequals": (fits_arn, True),
    "arnnotlike": (fits_arn, True),
}
"""In lower case → its test, and whether it is negated."""
