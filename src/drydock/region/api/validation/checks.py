"""Check a request before it is dispatched; see `refuse`."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from drydock.region.api import cbor, faults
from drydock.region.api.operations import Environ, Operation
from drydock.region.api.validation import bodies, forms, jsons, models, rest, shapes, words
from drydock.region.api.validation.problems import InvalidMembers, Malformed, RequestProblem
from drydock.services import lookup

log = logging.getLogger(__name__)

Answer = tuple[int, str, bytes]
"""HTTP status, content type, body."""
_S3_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"})
_FORMS = frozenset({"query", "ec2"})


def refuse(environ: Environ, operation: Operation) -> Answer | None:
    """Return the answer to a request that AWS or the region refuses; None: moto handles it.

    AWS refuses what violates a service's model, the region its unsupported services. Reads the body
    of a request that is parsed, bounded, and puts it back. Call it outside the store's lock. A
    fault in the check itself lets the request through to moto.
    """
    if words_of_refusal := _refused(operation):
        return _answer(operation, "NotImplemented", words_of_refusal, 501)
    operation = _spoken(operation)
    try:
        _check(environ, operation)
    except RequestProblem as problem:
        return _answer(operation, problem.code, problem.message, problem.status)
    except Malformed as problem:
        code, text = words.malformed(operation.service, operation.protocol, problem)
        return _answer(operation, code, text, 400)
    except InvalidMembers as problem:
        code, text = words.invalid(operation.service, operation.protocol, problem)
        return _answer(operation, code, text, 400)
    except Exception:
        log.exception("%s could not be checked", operation)
    return None


def _refused(operation: Operation) -> str:
    """Return the message of a refusal; empty: the service is supported."""
    service = lookup.get(operation.service)
    if service is None:
        return f"Drydock's local region has no service {operation.service}."
    return "" if service.answered else service.refusal


def _spoken(operation: Operation) -> Operation:
    """Return the operation with the service's own protocol, if it has no name and is not REST."""
    model = models.service(operation.service)
    if operation.name or model.protocol.startswith("rest"):
        return operation
    own = model.metadata["protocol"]
    return replace(operation, protocol="cbor" if own.endswith("cbor") else own)


def _check(environ: Environ, operation: Operation) -> None:
    """Check a request. Raises RequestProblem, Malformed, InvalidMembers."""
    model = models.service(operation.service)
    if operation.service == "s3" and not operation.name:
        _check_s3(environ, operation)
    elif operation.name:
        _check_named(environ, operation, model)
    else:
        _check_rest(environ, operation, model)


def _check_named(environ: Environ, operation: Operation, model: Any) -> None:
    """Check a request of a protocol that names the operation: json, query, ec2."""
    protocol = operation.protocol
    if not models.speaks(model, protocol) or not _target_fits(environ, model, protocol):
        raise _unknown(operation, model)
    asked = models.operation(operation.service, operation.name)
    if asked is None:
        raise _unknown(operation, model)
    body = bodies.read(environ)
    shape = asked.input_shape
    if protocol in _FORMS:
        parameters = forms.parse(str(environ.get("QUERY_STRING", "")), body)
        if shape is None or not models.described(model, protocol):
            return
        values = forms.decode(shape, forms.tree(parameters), protocol == "ec2")
    else:
        parsed = jsons.parse(body) if protocol == "json" else _cbor(body)
        if shape is None:
            return
        values = jsons.decode(shape, parsed)
    _hold(operation, shape, values)


def _cbor(body: bytes) -> Any:
    try:
        return cbor.parse(body)
    except ValueError as error:
        raise Malformed(str(error)) from None


def _check_rest(environ: Environ, operation: Operation, model: Any) -> None:
    """Check a request of a protocol whose method and URL identify the operation."""
    if operation.protocol not in {"rest-json", "rest-xml"}:
        raise _unknown(operation, model)
    service = lookup.by_name()[operation.service]
    found = rest.match(service.botocore, environ)
    if found is None:
        raise _unknown(operation, model)
    asked, labels = found
    shape = asked.input_shape
    if shape is not None:
        values = rest.decode(shape, environ, labels, operation.protocol == "rest-xml")
        _hold(operation, shape, values)


def _check_s3(environ: Environ, operation: Operation) -> None:
    """Check S3's URL and XML. The service checks the headers."""
    if _is_form(environ) or _is_chunked(environ):
        return
    found = rest.match("s3", environ)
    if found is None:
        if operation.method not in _S3_METHODS:
            text = "The specified method is not allowed against this resource."
            raise RequestProblem("MethodNotAllowed", text, 405)
        return
    asked, labels = found
    shape = asked.input_shape
    if shape is None:
        return
    values = rest.decode(shape, environ, labels, xml=True)
    payload = shape.serialization.get("payload")
    if payload and payload in values:
        _hold(operation, shape.members[payload], values[payload])
    elif payload in shape.required_members and shape.members[payload].type_name == "structure":
        raise RequestProblem("MissingRequestBodyError", "Request Body is empty")


def _is_form(environ: Environ) -> bool:
    """Return whether it is a browser's upload (POST Object), whose body is not XML."""
    return str(environ.get("CONTENT_TYPE", "")).startswith("multipart/form-data")


def _is_chunked(environ: Environ) -> bool:
    return str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")).startswith("STREAMING-")


def _hold(operation: Operation, shape: Any, values: Any) -> None:
    found = shapes.violations(shape, values or {}, words.strictness(operation.service))
    if found:
        raise InvalidMembers(found)


def _target_fits(environ: Environ, model: Any, protocol: str) -> bool:
    """Return whether the target names the service: `AmazonSSM.GetParameter`,
    `/service/NAME/operation/…`.
    """
    if protocol == "json":
        prefix = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[0]
    elif protocol == "cbor":
        prefix = str(environ.get("PATH_INFO", "")).split("/")[2]
    else:
        return True
    return prefix == str(model.metadata.get("targetPrefix"))


def _unknown(operation: Operation, model: Any) -> RequestProblem:
    name = operation.name or operation.method
    code, text, status = words.unknown(
        operation.service, operation.protocol, name, model.metadata.get("apiVersion", "")
    )
    return RequestProblem(code, text, status)


def _answer(operation: Operation, code: str, message: str, status: int) -> Answer:
    fault = "Sender" if status < 500 else "Receiver"
    kind, body = faults.render(operation, code, message, fault=fault)
    return status, kind, body
