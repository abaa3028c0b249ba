"""SNS: what is published reaches queues of this region and nothing outside.

moto 5.2.5 posts to a subscription's HTTP endpoint while the request waits, and without an end to it: an
address that does not answer would hold the whole API.
"""

from __future__ import annotations

from typing import Any

from moto.sns import urls as their_urls
from moto.sns.models import SNSBackend as TheirBackend
from moto.sns.models import Subscription as TheirSubscription
from moto.sns.models import sns_backends

from drydock.region.api.gaps import overlay

_OUTSIDE = frozenset({"http", "https", "lambda", "application", "firehose"})


class Subscription(TheirSubscription):
    """Mail and text messages stay in moto's books."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        if self.protocol not in _OUTSIDE:
            super().publish(*args, **kwargs)


class SnsBackend(TheirBackend):
    """Topics and subscriptions."""

    @property
    def _url_module(self) -> Any:
        return their_urls

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> TheirSubscription:
        made = super().subscribe(topic_arn, endpoint, protocol)
        made.__class__ = Subscription
        return made


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(sns_backends, SnsBackend)
