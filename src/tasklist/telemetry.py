"""OpenTelemetry traces, if `OTEL_*` variables enable them; otherwise nothing is imported.

The variables are the specification's own (endpoint, headers, service name, sampler, …):
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, Tracer

from tasklist.logs import JsonLog

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "tasklist"


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether an OTLP endpoint is set and spans are not turned off."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return False
    return any(
        environment.get(f"OTEL_EXPORTER_OTLP_{name}") for name in ("ENDPOINT", "TRACES_ENDPOINT")
    )


class Telemetry:
    """The spans of this process. Without a provider no span is created."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self.provider = provider
        self._tracer: Tracer | None = provider.get_tracer(SERVICE) if provider else None

    @classmethod
    def from_environment(cls, log: JsonLog) -> Telemetry:
        """Send spans in batches to the OTLP endpoint (http/protobuf) that the environment names."""
        if not wanted():
            return cls()
        # imported late: this costs 10 MB of memory and 0.1 s, needed only for spans
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        _into(log)
        named = os.environ.get("OTEL_SERVICE_NAME") or SERVICE_NAME in os.environ.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        )
        resource = Resource.create({} if named else {SERVICE_NAME: SERVICE})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    def query(self, text: str) -> AbstractContextManager[Any]:
        """Return a span around one query. Its text has placeholders, so it holds no user's values."""
        if self._tracer is None:
            return nullcontext()
        verb = text.split(maxsplit=1)[0]
        attributes = {"db.system.name": "postgresql", "db.query.text": text}
        return self._tracer.start_as_current_span(
            f"{verb} tasks", kind=SpanKind.CLIENT, attributes=attributes
        )

    def close(self) -> None:
        """Send the spans that are left."""
        if self.provider is not None:
            self.provider.shutdown()


class _Handler(logging.Handler):
    """Writes the SDK's warnings (an endpoint that cannot be reached) to our log."""

    def __init__(self, log: JsonLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.write(record.levelname.lower(), "telemetry", message=record.getMessage())


def _into(log: JsonLog) -> None:
    logger = logging.getLogger("opentelemetry")
    logger.handlers = [_Handler(log)]
    logger.propagate = False
