"""SNS: messages reach queues of this region and nothing outside.

moto 5.2.5 posts to a subscription's HTTP endpoint while the request waits, without a timeout: an
address that does not answer would block the whole API.
"""

from __future__ import annotations

from typing import Any

from moto.sns.models import SNSBackend as TheirBackend
from moto.sns.models import Subscription as TheirSubscription

_OUTSIDE = frozenset({"http", "https", "lambda", "application", "firehose"})


class Subscription(TheirSubscription):
    """A subscription whose mail and text messages are only recorded by moto."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        if self.protocol not in _OUTSIDE:
            super().publish(*args, **kwargs)


class SnsBackend(TheirBackend):
    """Topics and subscriptions."""

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> TheirSubscription:
        made = super().subscribe(topic_arn, endpoint, protocol)
        made.__class__ = Subscription
        return made
