"""Sends requests to every operation of a service, in the process, and keeps count of the answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zlib import crc32

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from drydock.region.api.application import Application
from drydock.region.api.validation import models
from drydock.services.model import Service
from tests.fuzz.making import Maker, Pool
from tests.fuzz.wire import Request, serialise, spoil

SLOW = 5.0
"""Seconds that a request may take on a busy machine."""
_LISTS = ("Describe", "List", "Get")
_ORDER = (
    "Create",
    "Register",
    "Put",
    "Request",
    "Allocate",
    "Add",
    "Import",
    "Run",
    "Start",
    "Publish",
    "Send",
)
_ENDS = ("Delete", "Deregister", "Terminate", "Remove", "Release", "Purge", "Stop", "Cancel")
_ENTITIES = (
    b'<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">'
    b'<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>'
)


@dataclass
class Result:
    """What one service answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    """What must not be: 5xx but 501, slow answers, lists that broke."""
    lacking: set[str] = field(default_factory=set)
    """Operations that failed inside moto with some parameters: 501 all the same."""

    def add(self, other: Result) -> None:
        self.statuses += other.statuses
        self.operations |= other.operations
        self.faults += other.faults
        self.lacking |= other.lacking


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Fuzz:
    """One service in one application. `each` is how many requests an operation gets; after `every`
    operations, and at the end, the lists that worked before are asked again."""

    def __init__(
        self, application: Application, service: Service, seed: int, each: int, every: int = 10**6
    ) -> None:
        self._application = application
        self._service = service
        self._model = models.service(service.name)
        self._random = Random(seed ^ crc32(service.name.encode()))
        self._pool = Pool()
        self._maker = Maker(self._random, self._pool)
        self._each = each
        self._every = every
        protocol = (
            self._model.resolved_protocol
            if hasattr(self._model, "resolved_protocol")
            else self._model.protocol
        )
        self._protocol = "json" if protocol == "smithy-rpc-v2-cbor" else protocol
        self._serialiser = create_serializer(self._protocol, include_validation=False)
        self._parser = create_parser(self._protocol)
        self.result = Result()

    def run(self) -> Result:
        """Every operation: those that make something first, those that delete last."""
        lists = dict(self._working_lists())
        names = sorted(self._model.operation_names, key=_turn)
        for number, name in enumerate(names, start=1):
            self._operation(name)
            if number % self._every == 0 or number == len(names):
                for listed, request in list(lists.items()):
                    if self._ask(request).status >= 500:
                        del lists[listed]
                        told = f"{self._service.name}:{listed} broke before {name} was done"
                        self.result.faults.append(told)
        for request in self._wrong():
            self._send("unknown", request)
        return self.result

    def _working_lists(self) -> Iterator[tuple[str, Request]]:
        for name in self._model.operation_names:
            shape = self._model.operation_model(name).input_shape
            if not name.startswith(_LISTS) or (shape is not None and shape.required_members):
                continue
            request = self._serialised(name, {})
            if request is not None and self._ask(request).status < 300:
                yield name, request

    def _operation(self, name: str) -> None:
        shape = self._model.operation_model(name).input_shape
        self.result.operations.add(f"{self._service.name}:{name}")
        for turn in range(self._each):
            values = self._maker.make(shape) if shape is not None else {}
            request = self._serialised(name, values)
            if request is None:
                continue
            if turn % 2:
                request = spoil(self._random, request)
            answer = self._send(name, request)
            if answer.status == 501 and b"does not have" in answer.body:
                return
            if answer.status < 300:
                self._gather(name, answer)

    def _serialised(self, name: str, values: dict[str, Any]) -> Request | None:
        operation = self._model.operation_model(name)
        try:
            return serialise(self._serialiser, operation, values, self._service.scope)
        except Exception:  # noqa: BLE001  (botocore cannot write everything that the model allows)
            return None

    def _gather(self, name: str, answer: Answer) -> None:
        operation = self._model.operation_model(name)
        found = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        try:
            self._pool.gather(self._parser.parse(found, operation.output_shape))
        except Exception:  # noqa: BLE001  (streams and the like)
            return

    def _send(self, name: str, request: Request) -> Answer:
        answer = self._ask(request)
        self.result.statuses[answer.status] += 1
        told = f"{self._service.name}:{name} {answer.status} {answer.seconds:.1f}s {str(request)[:600]}"
        if answer.status >= 500 and answer.status != 501:
            self.result.faults.append(f"{told} → {answer.body[:300]!r}")
        elif answer.seconds > SLOW:
            self.result.faults.append(f"slow: {told}")
        elif answer.status == 501 and b"with these parameters" in answer.body:
            self.result.lacking.add(f"{self._service.name}:{name}")
        return answer

    def _ask(self, request: Request) -> Answer:
        found: list[Any] = []
        begun = time.monotonic()
        body = b"".join(
            self._application(
                request.environ(), lambda line, headers, *_: found.extend((line, headers))
            )
        )
        seconds = time.monotonic() - begun
        return Answer(
            int(found[0][:3]), {key.lower(): value for key, value in found[1]}, body, seconds
        )

    def _wrong(self) -> Iterator[Request]:
        """Not for an operation at all, in every protocol; and bodies that explode."""
        scope, prefix = self._service.scope, self._model.metadata.get("targetPrefix", "")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        many = "&".join(f"A.{number}=1" for number in range(20_000))
        yield Request("POST", "/", headers=form, body="Action=Nonsense&Version=1", scope=scope)
        yield Request("POST", "/", headers=form, body="Action=Describe%00&Version=1", scope=scope)
        yield Request("POST", "/", headers=form, body=f"Action=ListTags&{many}", scope=scope)
        yield Request("GET", "/", query={"Action": "Nonsense"}, scope=scope)
        for target in (f"{prefix}.Nonsense", "Nonsense.Nonsense", "Nonsense"):
            yield Request("POST", "/", headers={"X-Amz-Target": target}, body=b"{}", scope=scope)
        cbor = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
        for name in ("Nonsense", next(iter(self._model.operation_names))):
            path = f"/service/{prefix or 'Nonsense'}/operation/{name}"
            yield Request("POST", path, headers=cbor, body=b"\xbf\xff", scope=scope)
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "NONSENSE"):
            yield Request(method, "/nonsense/nonsense", scope=scope)
        yield Request("PUT", "/nonsense?acl", body=_ENTITIES, scope=scope)
        yield Request(
            "POST", "/", headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8bnonsense", scope=scope
        )


def _turn(name: str) -> tuple[int, str]:
    if name.startswith(_ORDER):
        return 0, name
    return (2 if name.startswith(_ENDS) else 1), name
