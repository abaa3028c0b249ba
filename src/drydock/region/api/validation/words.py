"""Validation errors of each service: code, message, HTTP status. Pure.

Most of AWS's services use one framework (Coral), which answers for their models with "N validation
errors detected: …"; they differ in the error's code. EC2 and RDS have their own messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from drydock.region.api.validation.problems import InvalidMembers, Malformed, Path, Violation
from drydock.region.api.validation.shapes import Strictness

_INVALID = {
    "cloudtrail": "InvalidParameterCombinationException",
    "cloudwatch": "ValidationError",
    "cognitoidp": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "resourcegroupstaggingapi": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "s3control": "InvalidRequest",
    "servicediscovery": "InvalidInput",
    "sqs": "InvalidParameterValue",
}
_BY_PROTOCOL = {"query": "ValidationError", "rest-xml": "InvalidArgument"}
_ASKED_FOR = frozenset({"ec2", "rds", "elasticache", "sqs"})
"""Services that report a missing parameter with `MissingParameter`."""
_LOOSE = Strictness(enums=False, patterns=False)
_STRICTNESS = {
    "ec2": _LOOSE,
    "elasticache": _LOOSE,
    "rds": _LOOSE,
    "s3": _LOOSE,
    "ecs": Strictness(patterns=False),
    "iam": Strictness(whole=True),
    "kms": Strictness(whole=True),
    "logs": Strictness(whole=True),
    "sts": Strictness(whole=True),
    "acm": Strictness(whole=True),
    "ecr": Strictness(whole=True),
}
_USUAL = Strictness()


def strictness(service: str) -> Strictness:
    """Return what a service enforces by its model alone."""
    return _STRICTNESS.get(service, _USUAL)


def invalid(service: str, protocol: str, problem: InvalidMembers) -> tuple[str, str]:
    """Return code and message for violated constraints."""
    violations = problem.violations
    missing = next((one for one in violations if one.missing), None)
    if service == "s3" and missing:
        return "MalformedXML", _MALFORMED_XML
    if service == "sns" and missing:
        name = missing.path[-1]
        text = f"Invalid parameter: {name} Reason: no value for required parameter"
        return "InvalidParameter", text
    if service in _ASKED_FOR:
        if missing:
            name = ".".join(missing.path)
            return "MissingParameter", f"The request must contain the parameter {name}"
        return "InvalidParameterValue", _plain(violations[0])
    count = len(violations)
    errors = f"{count} validation error{'' if count == 1 else 's'} detected: "
    text = errors + "; ".join(_coral(one) for one in violations)
    return _code(service, protocol), text


def malformed(service: str, protocol: str, problem: Malformed) -> tuple[str, str]:
    """Return code and message for a value of a wrong type, or a body that cannot be read."""
    if service == "s3":
        if problem.path and problem.value:
            name = _lowered(problem.path)
            return "InvalidArgument", f"Provided {name} not an integer or within integer range"
        return "MalformedXML", _MALFORMED_XML
    if protocol == "ec2":
        if not problem.path:
            return "InvalidRequest", problem.message
        name = ".".join(problem.path)
        value = problem.value[:100]
        return "InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid."
    if protocol in {"json", "rest-json", "cbor"}:
        return "SerializationException", problem.message
    return "MalformedInput", problem.message


_MALFORMED_XML = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


def token(service: str, protocol: str, errors: Sequence[str], name: str) -> tuple[str, str]:
    """Return code and message for an invalid pagination token.

    `errors`: the names of the errors that the operation's model has.
    """
    for error in errors:
        if "token" in error.lower() and "idempotent" not in error.lower():
            return error, f"The specified {name} is not valid."
    if service == "ec2":
        return "InvalidNextToken", "The specified NextToken is invalid."
    if service == "s3":
        return "InvalidArgument", "The continuation token provided is incorrect"
    if service in _ASKED_FOR:
        return "InvalidParameterValue", f"Invalid value for {name}."
    return _code(service, protocol), f"The value of {name} is not valid."


def unknown(service: str, protocol: str, name: str, version: str) -> tuple[str, str, int]:
    """Return code, message and status for an operation that the service does not have."""
    if protocol == "ec2":
        return "InvalidAction", f"The action {name} is not valid for this web service.", 400
    if protocol == "query":
        words = f"Could not find operation {name} for version {version}"
        return "InvalidAction", words, 400
    status = 404 if protocol.startswith("rest") else 400
    return "UnknownOperationException", f"{service} has no operation {name}.", status


def _code(service: str, protocol: str) -> str:
    return _INVALID.get(service) or _BY_PROTOCOL.get(protocol, "ValidationException")


def _coral(violation: Violation) -> str:
    name = _lowered(violation.path)
    if violation.missing:
        value = " null"
    else:
        value = "" if violation.value is None else f" '{violation.value}'"
    return f"Value{value} at '{name}' failed to satisfy constraint: {violation.constraint}"


def _lowered(path: Path) -> str:
    """Return Coral's name of a member: `tags.1.member.key`."""
    return ".".join(
        f"{part}.member" if part.isdecimal() else part[:1].lower() + part[1:] for part in path
    )


def _plain(violation: Violation) -> str:
    name = ".".join(violation.path)
    value = "" if violation.value is None else f" ({violation.value})"
    return f"Value{value} for parameter {name} is invalid. {violation.constraint}"
