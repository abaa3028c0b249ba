"""Services that are kept alone: nothing that they take leaves the region.

moto 5.2.5 posts to the HTTP endpoints of SNS's subscriptions and of Firehose's streams while the request
waits, and without an end to it: an address that does not answer would hold the whole API.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.firehose import urls as firehose_urls
from moto.firehose.models import FirehoseBackend as TheirFirehose
from moto.firehose.models import firehose_backends
from moto.sns import urls as sns_urls
from moto.sns.models import SNSBackend as TheirSns
from moto.sns.models import Subscription as TheirSubscription
from moto.sns.models import sns_backends

from drydock.region.api.gaps import overlay

_OUTSIDE = frozenset({"http", "https", "lambda", "application", "firehose"})


class Subscription(TheirSubscription):
    """What is published reaches queues of this region; mail and text messages stay in moto's books."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        if self.protocol not in _OUTSIDE:
            super().publish(*args, **kwargs)


class SnsBackend(TheirSns):
    """Topics and subscriptions."""

    @property
    def _url_module(self) -> Any:
        return sns_urls

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> TheirSubscription:
        made = super().subscribe(topic_arn, endpoint, protocol)
        made.__class__ = Subscription
        return made


class FirehoseBackend(TheirFirehose):
    """Streams, whose records reach S3 alone."""

    @property
    def _url_module(self) -> Any:
        return firehose_urls

    @staticmethod
    def put_http_records(
        http_destination: dict[str, Any], records: list[dict[str, bytes]]
    ) -> list[dict[str, str]]:
        """Taken, as AWS takes them into a buffer; from there they go nowhere."""
        return [{"RecordId": str(uuid4())} for _ in records]


def install() -> None:
    """Have moto build our backends."""
    overlay.replace(sns_backends, SnsBackend)
    overlay.replace(firehose_backends, FirehoseBackend)
