"""Regions that were saved before the services had folders of their own name classes by their old modules."""

from __future__ import annotations

import pickle
from importlib.util import find_spec

import pytest

from drydock.region.api.saved import pickling
from drydock.region.api.saved.moved import today
from drydock.region.services.ecs.revisions import ServiceRevision

BEFORE = "drydock.region.api.gaps."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("acm.records", "acm.records"),
        ("alarms", "cloudwatch.operations.alarms"),
        ("applicationautoscaling", "applicationautoscaling.operations.backend"),
        ("backup", "backup.operations"),
        ("cloudwatch", "cloudwatch.operations.backend"),
        ("ec2.interfaces", "ec2.operations.interfaces"),
        ("ecs", "ecs"),
        ("ecs.connect", "ecs.connect"),
        ("ecs.records", "ecs.records"),
        ("ecs.revisions", "ecs.revisions"),
        ("ecs.settings", "ecs.operations.settings"),
        ("elbv2.balancers", "elbv2.operations.balancers"),
        ("elbv2.targets", "elbv2.operations.targets"),
        ("logs.streams", "logs.operations.streams"),
        ("rds.records", "rds.records"),
        ("rds.rotation", "secretsmanager.rotation"),
        ("rds.snapshots", "rds.operations.snapshots"),
        ("route53.checks", "route53.operations.checks"),
        ("route53.records", "route53.operations.record_sets"),
        ("route53.zones", "route53.operations.zones"),
        ("s3.objects", "s3.operations.objects"),
        ("scaling_policies", "applicationautoscaling.operations.policies"),
        ("servicediscovery.backend", "servicediscovery.operations.backend"),
        ("sts", "sts.operations"),
        ("wafv2.records", "wafv2.records"),
    ],
)
def test_a_module_is_found_where_it_is_today(old: str, new: str) -> None:
    found = today(BEFORE + old)
    assert found == f"drydock.region.services.{new}"
    assert find_spec(found) is not None


def test_other_modules_are_where_they_were() -> None:
    assert today("moto.ecs.models") == "moto.ecs.models"


def test_a_class_is_loaded_by_its_old_name() -> None:
    """A pickle of protocol 0 names the module in plain text."""
    data = pickle.dumps(ServiceRevision, protocol=0)
    old = data.replace(b"drydock.region.services.ecs", b"drydock.region.api.gaps.ecs")
    assert old != data
    assert pickling.loads(old) is ServiceRevision
