"""moto without our changes, for tests of code that only uses the AWS API.

Tests of the region patch moto's backends permanently; in one process with them, plain moto
has to be restored first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto import mock_aws
from moto.acm.models import acm_backends
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.backup.models import backup_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends
from moto.route53.models import route53_backends
from moto.s3.models import s3_backends
from moto.stepfunctions.models import stepfunctions_backends
from moto.sts.models import sts_backends
from moto.wafv2.models import wafv2_backends

_WITH_GAPS: tuple[BackendDict[Any], ...] = (
    acm_backends,
    applicationautoscaling_backends,
    backup_backends,
    cloudwatch_backends,
    ec2_backends,
    ecs_backends,
    elbv2_backends,
    iam_backends,
    logs_backends,
    rds_backends,
    route53_backends,
    s3_backends,
    stepfunctions_backends,
    sts_backends,
    wafv2_backends,
)


@contextmanager
def plain_moto(**config: Any) -> Iterator[None]:
    """`moto.mock_aws` with moto's own backends, whatever was installed before."""
    before = [(backends, backends.backend) for backends in _WITH_GAPS]
    for backends, ours in before:
        backends.backend = next(one for one in ours.__mro__ if one.__module__.startswith("moto."))
        backends.clear()
    try:
        with mock_aws(config=config or None):  # type: ignore[arg-type]
            yield
    finally:
        for backends, ours in before:
            backends.backend = ours
            backends.clear()
