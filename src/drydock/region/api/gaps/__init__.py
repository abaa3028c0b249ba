"""What moto forgets or lacks and a real client needs, one file per AWS service.

Only subclasses of moto's backends and responses; each names the moto version in which the gap was seen.
"""

from __future__ import annotations

import threading

LIGHT = frozenset({"sts", "iam"})
"""Services that are answered before `install`. They build IAM's backend and no other."""

_LOCK = threading.Lock()
_DONE = threading.Event()


def prepare(service: str) -> None:
    """What must be ours before moto builds what it needs to answer `service` (moto's name)."""
    if service not in LIGHT:
        install()
        return
    with _LOCK:
        from drydock.region.api.gaps import iam, sts  # noqa: PLC0415  (moto, slow)

        iam.install()
        sts.install()


def install() -> None:
    """Make moto build our backends instead of its own. Idempotent; before moto's first use.

    Imports moto's services, which takes a second: a server that starts does it on a thread.
    """
    if _DONE.is_set():
        return
    with _LOCK:
        if _DONE.is_set():
            return
        from drydock.region.api.gaps import (  # noqa: PLC0415  (moto, slow)
            acm,
            applicationautoscaling,
            backup,
            cloudwatch,
            ec2,
            ecs,
            efs,
            elbv2,
            firehose,
            iam,
            logs,
            notrun,
            rds,
            route53,
            s3,
            secretsmanager,
            servicediscovery,
            sns,
            ssm,
            stepfunctions,
            sts,
            wafv2,
        )

        scaling = applicationautoscaling
        ran = (ec2, ecs, elbv2, acm, rds, iam, logs, scaling, route53, s3, wafv2, cloudwatch, efs)
        more = (secretsmanager, servicediscovery, ssm, sts, notrun)
        kept = (backup, firehose, sns, stepfunctions)
        for module in (*ran, *more, *kept):
            module.install()
        _DONE.set()
