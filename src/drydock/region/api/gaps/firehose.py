"""Firehose: records reach S3 alone.

moto 5.2.5 posts those for an HTTP endpoint while the request waits, and without an end to it.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.firehose import urls as their_urls
from moto.firehose.models import FirehoseBackend as TheirBackend
from moto.firehose.models import firehose_backends

from drydock.region.api.gaps import overlay


class FirehoseBackend(TheirBackend):
    """Streams."""

    @property
    def _url_module(self) -> Any:
        return their_urls

    @staticmethod
    def put_http_records(
        _http_destination: dict[str, Any], records: list[dict[str, bytes]]
    ) -> list[dict[str, str]]:
        """Taken, as AWS takes them into a buffer; from there they go nowhere."""
        return [{"RecordId": str(uuid4())} for _ in records]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(firehose_backends, FirehoseBackend)
