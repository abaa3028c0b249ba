"""Execute an alarm's actions when it enters a state: publish to SNS topics, run scaling policies.

Application Auto Scaling reads the alarms of its policies itself, as long as they are in their
state.
"""

from __future__ import annotations

import logging
from typing import Any

from moto.core.exceptions import ServiceException

from drydock.region.api.store import Store
from drydock.region.services.cloudwatch.controller import encryption, notification

log = logging.getLogger(__name__)

_DELIVERED = frozenset({"sqs", "email", "email-json", "sms"})
"""Protocols that stay inside the region; HTTP would leave it."""
STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")


def of(alarm: Any, state: str) -> list[str]:
    """Return the actions of a state, as ARNs."""
    by_state: dict[str, list[str]] = {
        "OK": alarm.ok_actions,
        "ALARM": alarm.alarm_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    return list(by_state[state] or [])


def hopeless(store: Store, alarm: Any) -> list[str]:
    """Return which actions of an alarm would fail because of their topic's key, and why.

    Under the lock.
    """
    if not alarm.actions_enabled:
        return []
    topics = store.backend("sns").topics
    found = []
    for arn in dict.fromkeys(one for state in STATES for one in of(alarm, state)):
        topic = topics.get(arn)
        why = encryption.refusal(store, alarm, topic) if topic is not None else None
        if why is not None:
            found.append(f"its action {arn} fails: {why}\n  Next: {encryption.NEXT}")
    return found


def execute(store: Store, alarm: Any, action: str, before: str) -> str | None:
    """Execute one action, under the store's lock; return the error, or None."""
    service = action.split(":")[2] if action.count(":") >= 5 else ""
    if service == "sns":
        return _publish(store, alarm, action, before)
    if service == "autoscaling":
        policies = store.backend("applicationautoscaling").policies.values()
        if any(policy.policy_arn == action for policy in policies):
            return None
        return f"No scaling policy has the ARN {action}."
    return "The local region executes actions of SNS and Application Auto Scaling alone."


def _publish(store: Store, alarm: Any, arn: str, before: str) -> str | None:
    backend = store.backend("sns")
    topic = backend.topics.get(arn)
    if topic is None:
        return f"Topic does not exist: {arn}"
    if (refused := encryption.refusal(store, alarm, topic)) is not None:
        return refused
    text = notification.message(alarm, before, store.account_id, store.region)
    title = notification.subject(alarm, store.region)
    identity = f"{alarm.name}-{alarm.state_updated_timestamp.timestamp()}"
    for subscription in list(backend.subscriptions.values()):
        if subscription.topic is topic and subscription.protocol in _DELIVERED:
            try:
                subscription.publish(text, identity, subject=title)
            except ServiceException as error:  # SNS drops what a subscriber cannot take
                log.warning("not delivered", extra={"to": subscription.endpoint, "why": str(error)})
    topic.sent_notifications.append((identity, text, title, None, None))
    store.changed("sns", "sqs")
    return None
