"""The WSGI application: moto behind the store's lock, and Drydock's own paths."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from drydock.errors import DrydockError, NotSaved, UsageError
from drydock.region.api import cbor, faults, implementations, validation
from drydock.region.api import environ as requests
from drydock.region.api.hold import Hold
from drydock.region.api.neighbour import refusal
from drydock.region.api.operations import Environ, Operation, identify
from drydock.region.api.store import Store
from drydock.region.api.validation import ServiceNotRun
from drydock.services import lookup

if TYPE_CHECKING:
    from drydock.region.api.denial import Denial
    from drydock.region.api.saved.journal import Journal, Ticket
    from drydock.region.iam.authorizer import Authorizer

log = logging.getLogger(__name__)

OWN = "/_drydock/"
_CLOSED = ("/moto-api",)
"""moto's own console can reset everything without authentication."""
_LARGEST = 1024 * 1024

StartResponse = Callable[..., Any]


@dataclass(frozen=True)
class OwnRequest:
    """A request to one of Drydock's own paths."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    """The JSON that a POST sent; None without."""


Handler = Callable[[OwnRequest], object]
"""Returns what `json.dumps` can write. A DrydockError becomes a 400 with its parts."""


class Application:
    """AWS's API for one store.

    `handlers` answer GET and POST of paths below `/_drydock/`; `authorizer` authorizes every other
    request, if there is one; `journal` saves what a request changes before it is answered, if there
    is one.
    """

    def __init__(
        self,
        store: Store,
        handlers: Mapping[str, Handler],
        log_file: Path,
        authorizer: Authorizer | None = None,
        journal: Journal | None = None,
        own_key: str = "",
    ) -> None:
        """`own_key`: of this folder's `drydock env`; another folder's is refused.

        Empty: none is refused.
        """
        self._store = store
        self._handlers = dict(handlers)
        self._log_file = log_file
        self._hold = Hold()
        self._handlers[f"{OWN}hold"] = self._hold_changes
        self._moto: Any = None
        self._authorizer = authorizer
        self._journal = journal
        self._own_key = own_key

    def warm(self) -> threading.Thread:
        """Import moto and make EC2's backend on a thread, so that the first request waits less."""
        thread = threading.Thread(target=self._warm, name="api-warm", daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        with self._store.locked():
            self._store.backend("ec2")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith((OWN, *_CLOSED)):
            return self._own(environ, path, start_response)
        return self._dispatch(environ, identify(environ), start_response)

    def _dispatch(
        self, environ: Environ, operation: Operation, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Check the request, call moto under the store's lock, and answer once the change is on
        disk.
        """
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._store.account_id
        reply = _Reply()
        ticket: Ticket | None = None
        try:
            if self._authorizer and (denial := self._authorizer.forged(environ)):
                return self._refused(operation, denial, start_response)
            if answer := validation.refuse(environ, operation):
                return _answer(start_response, HTTPStatus(answer[0]), *answer[1:])
            with self._store.locked():
                if denial := self._denial(environ, operation):
                    return self._refused(operation, denial, start_response)
                if words := self._not_now(operation):
                    return self._later(operation, words, start_response)
                try:
                    body = self._ask_moto(environ, reply)
                finally:
                    ticket = self._settle(operation, reply)
            if self._journal and ticket is not None:
                self._journal.commit(ticket)
        except NotImplementedError as error:
            return self._lacking(operation, error, start_response)
        except NotSaved as error:
            return self._later(operation, f"{operation} was not saved: {error}", start_response)
        except Exception as error:  # noqa: BLE001  (told to the client, and logged)
            return self._broken(environ, operation, error, start_response)
        start_response(reply.line, reply.headers)
        return body

    def _not_now(self, operation: Operation) -> str:
        """Return why a change cannot be made at the moment; "" if it can."""
        if self._hold.stops(operation):
            return "Drydock is being interrupted."
        if operation.changes and self._journal and (words := self._journal.refusal()):
            return f"The local region takes no changes: {words}."
        return ""

    def _settle(self, operation: Operation, reply: _Reply) -> Ticket | None:
        """End a request's change under the lock: copy it for the journal, or undo it if it failed.

        Raises NotSaved.
        """
        if not operation.changes:
            return None
        if reply.status < 400 or reply.status >= 500:
            self._store.changed(operation.service)
        if not self._journal:
            return None
        touched = self._store.touched() | lookup.written(operation.service)
        if reply.status < 400:
            try:
                return self._journal.take(touched)
            except NotSaved:
                self._journal.roll_back(touched)
                raise
        self._journal.roll_back(touched)
        return None

    def _ask_moto(self, environ: Environ, reply: _Reply) -> Iterable[bytes]:
        """Return moto's body in one piece; a large one (of an S3 object) is read while it is sent."""
        if self._moto is None:
            self._moto = _moto()
        requests.keep_names(environ)
        answer: Iterable[bytes] = self._moto(environ, reply.start)
        if reply.length > _LARGEST:
            return answer
        try:
            return [b"".join(answer)]
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()

    def _denial(self, environ: Environ, operation: Operation) -> Denial | None:
        if self._own_key and (denial := refusal(environ, self._own_key)):
            return denial
        return self._authorizer.refuse(environ, operation) if self._authorizer else None

    def _lacking(
        self, operation: Operation, error: Exception, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer 501, which SDKs do not retry, for what this region does not support."""
        log.warning("%s is not there: %s", operation, error)
        message = f"Drydock's local region does not have {operation} (yet)."
        if isinstance(error, ServiceNotRun):
            message = str(error)
        kind, body = faults.render(operation, "NotImplemented", message)
        return _answer(start_response, HTTPStatus.NOT_IMPLEMENTED, kind, body)

    def _refused(
        self, operation: Operation, denial: Denial, start_response: StartResponse
    ) -> Iterable[bytes]:
        status, kind, body = denial.render(operation)
        return _answer(start_response, HTTPStatus(status), kind, body)

    def _later(
        self, operation: Operation, words: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer 503, which SDKs retry a little later."""
        kind, body = faults.render(operation, "ServiceUnavailable", words)
        return _answer(start_response, HTTPStatus.SERVICE_UNAVAILABLE, kind, body)

    def _hold_changes(self, request: OwnRequest) -> object:
        """Answer `POST /_drydock/hold`: {"seconds"} → {}, once no change is in progress."""
        seconds = request.body.get("seconds") if isinstance(request.body, dict) else None
        if request.method != "POST" or type(seconds) not in {int, float}:
            raise UsageError("/_drydock/hold", "it takes a POST of a number of `seconds`")
        with self._store.locked():
            self._hold.begin(float(seconds or 0))
        return {}

    def _broken(
        self,
        environ: Environ,
        operation: Operation,
        error: Exception,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Answer an internal error: the request's fault if known, else 501, which SDKs do not
        retry.
        """
        if answer := validation.blame(environ, operation, error):
            return _answer(start_response, HTTPStatus(answer[0]), *answer[1:])
        log.error("%s failed inside the region", operation, exc_info=error)
        message = (
            f"Drydock's local region cannot do {operation} with these parameters; "
            f"{self._log_file} has the details."
        )
        kind, body = faults.render(operation, "NotImplemented", message)
        return _answer(start_response, HTTPStatus.NOT_IMPLEMENTED, kind, body)

    def _own(self, environ: Environ, path: str, start_response: StartResponse) -> Iterable[bytes]:
        handler = self._handlers.get(path)
        method = environ.get("REQUEST_METHOD", "GET")
        if handler is None or not environ.get(requests.ON_HOST):
            return _json(start_response, HTTPStatus.NOT_FOUND, {"error": f"no such path: {path}"})
        if method not in {"GET", "POST"}:
            return _json(start_response, HTTPStatus.METHOD_NOT_ALLOWED, {"error": "GET or POST"})
        try:
            request = OwnRequest(
                method, path, dict(parse_qsl(environ.get("QUERY_STRING", ""))), _body(environ)
            )
        except ValueError as error:
            return _json(start_response, HTTPStatus.BAD_REQUEST, {"error": str(error)})
        try:
            return _json(start_response, HTTPStatus.OK, handler(request))
        except DrydockError as error:
            parts = {"error": error.subject, "cause": error.cause, "remedy": error.remedy}
            return _json(start_response, HTTPStatus.BAD_REQUEST, parts)
        except Exception:
            log.exception("%s %s failed", method, path)
            text = f"failed inside the region; {self._log_file} has the details"
            return _json(start_response, HTTPStatus.INTERNAL_SERVER_ERROR, {"error": text})


class _Reply:
    """The arguments of moto's call of start_response."""

    def __init__(self) -> None:
        self.line = "500 Internal Server Error"
        self.headers: list[tuple[str, str]] = []

    @property
    def status(self) -> int:
        return int(self.line.split(" ", 1)[0])

    @property
    def length(self) -> int:
        return next((int(one) for name, one in self.headers if name.lower() == "content-length"), 0)

    def start(self, line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        if exc_info:
            raise exc_info[1]
        self.line = line
        self.headers = [(name, value) for name, value in headers if name.lower() != "server"]


def _moto() -> Any:
    from moto.moto_server import werkzeug_app  # noqa: PLC0415  (moto, slow)

    from drydock.region.api import fast_import  # noqa: PLC0415  (imports boto3)

    fast_import.install()
    # moto lets every web page call it; the region is for this machine's programs.
    werkzeug_app.DISABLE_GLOBAL_CORS = True  # type: ignore[attr-defined]

    def create(service: Any) -> Any:
        known = lookup.get(service or "")
        # Classic load balancers have the same endpoint and come first in moto's index.
        if service != "elb" and (known is None or not known.answered):
            raise ServiceNotRun(service)
        implementations.prepare(service)
        app = werkzeug_app.create_backend_app("elbv2" if service == "elb" else service)
        # In Flask's debug mode, which moto 5.2.5 turns on, every request gets a class of its own, which
        # keeps it, with its body, until all garbage is collected. Errors are ours to answer as before.
        app.debug, app.config["PROPAGATE_EXCEPTIONS"] = False, True
        return app

    return cbor.Translator(werkzeug_app.DomainDispatcherApplication(create))


def _body(environ: Environ) -> Any:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > _LARGEST:
        raise ValueError("the request is too large")
    data = environ["wsgi.input"].read(length) if length else b""
    return json.loads(data) if data else None


def _json(start_response: StartResponse, status: HTTPStatus, value: object) -> Iterable[bytes]:
    return _answer(start_response, status, "application/json", json.dumps(value).encode() + b"\n")


def _answer(
    start_response: StartResponse, status: HTTPStatus, kind: str, body: bytes
) -> Iterable[bytes]:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    if kind == cbor.KIND:
        headers.append(cbor.PROTOCOL)
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
