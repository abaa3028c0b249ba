"""OpenTelemetry traces, as a collector receives them."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.postgres import Postgres, free_port
from tests.support.tasklist import Tasklist, run_tasklist

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


class Collector(ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taken)
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> dict[str, Span]:
        """By name; the last of each."""
        return {
            span.name: span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    def service(self) -> str:
        (resource, *_) = self.requests[0].resource_spans
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        return str(names["service.name"])


class _Taken(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def attributes(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


def test_a_request_and_its_query_are_spans_of_the_callers_trace(
    postgres: Postgres, collector: Collector, folder: Path
) -> None:
    env = postgres.environment() | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    assert run_tasklist("updatedb", env=env, cwd=folder).returncode == 0
    with Tasklist(env, folder) as server:
        with server.client() as client:
            carried = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
            assert client.get("/api/task/", headers=carried).status_code == 200
            assert client.post("/api/task/", json={"title": "a secret"}).status_code == 200
            assert client.get("/api/task/no-number/").status_code == 404
        assert server.stop() == 0
    spans = collector.spans()
    request, query = spans["GET /api/task/"], spans["SELECT tasks"]
    assert collector.service() == "tasklist"
    assert request.trace_id.hex() == query.trace_id.hex() == TRACE
    assert request.parent_span_id.hex() == CALLER
    assert query.parent_span_id == request.span_id
    assert attributes(request)["http.route"] == "/api/task/"
    assert attributes(query)["db.system.name"] == "postgresql"
    assert attributes(query)["db.query.text"].startswith("SELECT")
    assert spans["POST /api/task/"].trace_id.hex() != TRACE
    assert attributes(spans["GET /api/task/{id}/"])["url.path"] == "/api/task/no-number/"
    assert "a secret" not in str(collector.requests)


def test_a_collector_that_is_not_there_harms_nobody(postgres: Postgres, folder: Path) -> None:
    env = postgres.environment() | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    assert run_tasklist("updatedb", env=env, cwd=folder).returncode == 0
    with Tasklist(env, folder) as server:
        with server.client() as client:
            assert client.get("/api/task/").status_code == 200
            told = server.wait_for_event("telemetry")
            assert client.get("/api/task/").status_code == 200
        assert server.stop() == 0
        assert server.stderr == ""
    assert "export" in told["message"]


def test_without_a_place_for_them_nothing_of_opentelemetrys_sdk_is_loaded(folder: Path) -> None:
    code = (
        "import sys; from tasklist.logs import JsonLog; from tasklist.telemetry import Telemetry\n"
        "assert Telemetry.from_environment(JsonLog()).provider is None\n"
        "assert 'opentelemetry.sdk' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"OTEL_SERVICE_NAME": "x"})
