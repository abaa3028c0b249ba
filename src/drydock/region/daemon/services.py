"""The list of the region's services: a new one has a folder in `drydock.region.services` and a line here."""

from __future__ import annotations

from drydock.region.api import implementations

SERVICES = (
    "ec2", "ecs", "elbv2", "acm", "rds", "iam", "logs", "applicationautoscaling", "route53", "s3", "wafv2",
    "cloudwatch", "efs", "secretsmanager", "servicediscovery", "ssm", "sts", "backup", "firehose", "sns",
    "stepfunctions",
)  # fmt: skip
"""In the order in which they take moto's places. `drydock.services.table` says which of them are run."""
_FOLDER = "drydock.region.services"


def use() -> None:
    """Have the API take these services' backends. Light: nothing of them is imported yet."""
    modules = {name: f"{_FOLDER}.{name}.service" for name in SERVICES}
    implementations.use({**modules, "notrun": f"{_FOLDER}.kit.notrun"})
