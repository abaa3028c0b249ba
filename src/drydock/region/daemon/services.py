"""The region's services: a new one has a folder in `drydock.region.services` and a line here."""

from __future__ import annotations

from drydock.region.api import implementations

RUN = (
    "ec2", "ecs", "elbv2", "acm", "rds", "iam", "logs", "applicationautoscaling", "route53", "s3", "wafv2",
    "cloudwatch", "efs",
)  # fmt: skip
MORE = ("secretsmanager", "servicediscovery", "ssm", "sts")
KEPT = ("backup", "firehose", "sns", "stepfunctions")


def use() -> None:
    """Register these services' backends with the API. Light: none of them is imported yet."""
    folder = "drydock.region.services"
    names = (*RUN, *MORE, *KEPT)
    implementations.use({name: f"{folder}.{name}.service" for name in names})
    implementations.use({"notrun": f"{folder}.kit.notrun"})
