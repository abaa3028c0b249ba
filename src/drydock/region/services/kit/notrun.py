"""Stop moto's own calls into services that the region refuses.

Lambda: CloudWatch Logs, SNS, SQS, S3, DynamoDB, EventBridge and Secrets Manager of moto 5.2.5 call
functions through one helper. Its backend can be neither run nor saved, so it is never made.
"""

from __future__ import annotations

from typing import NoReturn

from moto.awslambda import utils

from drydock.region.api.validation import ServiceNotRun


def _refuse(account_id: str, region: str) -> NoReturn:  # noqa: ARG001  (moto's signature)
    raise ServiceNotRun("awslambda")


def install() -> None:
    """Make moto's helper raise an error instead of calling Lambda."""
    utils.get_backend = _refuse
