"""Check whether CloudWatch may use the key that a topic is encrypted with.

The key's own policy must allow `cloudwatch.amazonaws.com`, which that of `alias/aws/sns` does not:
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
"""

from __future__ import annotations

from typing import Any

from drydock.region.api.store import Store
from drydock.region.iam import evaluate, principals
from drydock.region.iam.checks import keys

_SERVICE = "cloudwatch.amazonaws.com"
_NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")
NO_ACCESS = "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
"""The message in an alarm's history
(https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger)."""
NEXT = (
    "encrypt the topic with a key of your own whose policy allows kms:GenerateDataKey* and kms:Decrypt "
    f"to the service {_SERVICE} (alias/aws/sns never does)"
)
_STATES = {
    "Disabled": "KMSDisabled: The request was rejected because the specified key isn't enabled.",
    "PendingDeletion": "KMSInvalidState: The request was rejected because the state of the specified "
    "key isn't valid for this request.",
}
_NOT_FOUND = "KMSNotFound: The request was rejected because the specified key can't be found."


def refusal(store: Store, alarm: Any, topic: Any) -> str | None:
    """Return why a message of `alarm` to `topic` cannot be encrypted; None if it can.

    Under the lock.
    """
    given = str(topic.kms_master_key_id or "")
    if not given:
        return None
    if keys.is_of_aws(store, given):
        return NO_ACCESS
    key = keys.find(store, given)
    if key is None:
        return _NOT_FOUND
    if key.key_state in _STATES:
        return _STATES[key.key_state]
    context = {
        "aws:sourceaccount": (store.account_id,),
        "aws:sourcearn": (alarm.alarm_arn,),
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (_SERVICE,),
        "kms:encryptioncontext:aws:sns:topicarn": (topic.arn,),
        "kms:encryptioncontextkeys": ("aws:sns:topicArn",),
    }
    caller = principals.of_service(store, _SERVICE)
    for action in _NEEDED:
        if evaluate.refusal(caller, keys.check(store, key, action), context):
            return NO_ACCESS
    return None
