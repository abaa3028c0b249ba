"""Firehose: records reach only S3.

moto 5.2.5 posts those for an HTTP endpoint while the request waits, without a timeout.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.firehose.models import FirehoseBackend as TheirBackend


class FirehoseBackend(TheirBackend):
    """The Firehose backend of the API."""

    @staticmethod
    def put_http_records(
        _http_destination: dict[str, Any], records: list[dict[str, bytes]]
    ) -> list[dict[str, str]]:
        """Accept records, as AWS does into a buffer, and drop them."""
        return [{"RecordId": str(uuid4())} for _ in records]
