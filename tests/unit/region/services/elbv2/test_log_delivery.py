"""The delivery of logs: what is put where, and what the disk may forget when."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from drydock.region.dataplane.balancer import logfiles
from drydock.region.services.elbv2.controller import log_delivery, log_names
from drydock.region.services.elbv2.controller.logs import LogController
from drydock.region.services.elbv2.operations.deliveries import deliveries
from drydock.region.services.kit.controller import DONE, Requeue, TerminalError
from drydock.region.services.kit.parts import Parts
from tests.support.served import REGION, Served, serving


class Logged:
    """A load balancer whose logs are on, its controller, and a file that somebody writes to."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        self.s3, self.elb = served.client("s3"), served.client("elbv2")
        self.bucket = f"logs-{served.store.account_id}"
        self.s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.allow("Allow")
        self.arn, _ = served.balancer()
        self.region = folder
        self.folder = log_names.folder(folder, self.arn)
        self.folder.mkdir(parents=True)
        self.turn_on("access_logs")
        self.controller = self.new_controller()

    def new_controller(self) -> LogController:
        parts = SimpleNamespace(
            store=self.served.store,
            workspace=SimpleNamespace(region=self.region),
            scaled=lambda _seconds: 0.0,
        )
        controller = LogController(cast("Parts", parts))
        controller._period = 0.0
        return controller

    def turn_on(self, kind: str, bucket: str = "") -> None:
        wanted = {"enabled": "true", "bucket": bucket or self.bucket}
        self.elb.modify_load_balancer_attributes(
            LoadBalancerArn=self.arn,
            Attributes=[
                {"Key": f"{kind}.s3.{key}", "Value": value} for key, value in wanted.items()
            ],
        )

    def allow(self, effect: str) -> None:
        statement = {
            "Effect": effect,
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{self.bucket}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=policy)

    def delivered(self, kind: str = "") -> list[str]:
        """Every line, sorted."""
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        bodies: list[Any] = [
            self.s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read()
            for one in found
            if one["Key"].endswith(".gz") and ("conn_log." in one["Key"]) == (kind == "connection")
        ]
        return sorted(b"".join(gzip.decompress(body) for body in bodies).decode().splitlines())

    def save(self) -> None:
        self.served.store.saved = self.served.store.generation


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Logged]:
    with serving(tmp_path / "log") as served:
        made = Logged(served, tmp_path / "region")
        yield made
        for bucket in made.s3.list_buckets()["Buckets"]:
            # else moto's buffers warn in whatever test comes next
            for one in made.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                made.s3.delete_object(Bucket=bucket["Name"], Key=one["Key"])


def test_lines_are_delivered_once_and_kept_until_that_is_saved(logged: Logged) -> None:
    with logfiles.created(logged.folder) as descriptor:
        assert isinstance(logged.controller.reconcile(logged.arn), Requeue)
        os.write(descriptor, b"Aone\nAtw")
        logged.controller.reconcile(logged.arn)
        os.write(descriptor, b"o\nCnot asked for\nA!\n")
        logged.controller.reconcile(logged.arn)
        logged.controller.reconcile(logged.arn)
        assert logged.delivered() == ["one", "two"]
    (path,) = logfiles.present(logged.folder)
    # the writer has ended, and all is delivered, but a region that is killed now would not know it
    for _ in range(3):
        logged.controller.reconcile(logged.arn)
    assert path.exists()
    logged.save()
    logged.controller.reconcile(logged.arn)
    logged.controller.reconcile(logged.arn)
    assert not path.exists()
    assert logged.delivered() == ["one", "two"]


def test_what_a_killed_region_had_not_saved_is_delivered_again(logged: Logged) -> None:
    with logfiles.created(logged.folder) as descriptor:
        logged.controller.reconcile(logged.arn)
        os.write(descriptor, b"Aone\n")
        logged.controller.reconcile(logged.arn)
    assert logged.delivered() == ["one"]
    with logged.served.store.changing("s3"):
        # as the state was saved before
        deliveries(logged.served.store.backend("elbv2"))[logged.arn].offsets.clear()
    for one in logged.s3.list_objects_v2(Bucket=logged.bucket)["Contents"]:
        logged.s3.delete_object(Bucket=logged.bucket, Key=one["Key"])
    logged.new_controller().reconcile(logged.arn)
    assert logged.delivered() == ["one"]


def test_kinds_have_their_own_way(logged: Logged) -> None:
    logged.turn_on("connection_logs")
    with logfiles.created(logged.folder) as descriptor:
        logged.controller.reconcile(logged.arn)
        os.write(descriptor, b"Cconnected\nAasked\nEF!\nF!0PR bad\nX0PR refused\nA!400PR late\n")
        logged.controller.reconcile(logged.arn)
        assert logged.delivered() == ["asked", "late"]
        assert logged.delivered("connection") == ["connected", "refused"]


def test_lines_wait_for_a_bucket_that_refuses(
    logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logfiles.created(logged.folder) as descriptor:
        logged.controller.reconcile(logged.arn)
        logged.allow("Deny")
        with pytest.raises(TerminalError, match=f"Access Denied for bucket: {logged.bucket}"):
            logged.controller.reconcile(logged.arn)
        os.write(descriptor, b"Aone\n")
        with pytest.raises(TerminalError, match="its access logs cannot be delivered"):
            logged.controller.reconcile(logged.arn)
        logged.allow("Allow")
        logged.controller.reconcile(logged.arn)
        assert logged.delivered() == ["one"]
        # not for ever
        logged.allow("Deny")
        os.write(descriptor, b"Adropped\nAkept\n")
        monkeypatch.setattr(log_delivery, "KEPT", 8)  # within the line before
        with pytest.raises(TerminalError):
            logged.controller.reconcile(logged.arn)
        logged.allow("Allow")
        logged.controller.reconcile(logged.arn)
        assert logged.delivered() == ["kept", "one"]


def test_another_bucket_gets_what_comes_from_then_on(logged: Logged) -> None:
    with logfiles.created(logged.folder) as descriptor:
        logged.controller.reconcile(logged.arn)
        os.write(descriptor, b"Aone\n")
        first, logged.bucket = logged.bucket, f"{logged.bucket}-two"
        logged.s3.create_bucket(
            Bucket=logged.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        logged.allow("Allow")
        logged.turn_on("access_logs")
        logged.controller.reconcile(logged.arn)
        os.write(descriptor, b"Atwo\n")
        logged.controller.reconcile(logged.arn)
        assert logged.delivered() == ["two"]
        logged.bucket = first
        assert logged.delivered() == ["one"]


def test_a_load_balancer_that_goes_leaves_nothing(logged: Logged) -> None:
    with logfiles.created(logged.folder) as descriptor:
        logged.controller.reconcile(logged.arn)
        logged.elb.delete_load_balancer(LoadBalancerArn=logged.arn)
        os.write(descriptor, b"Alast\n")
        assert isinstance(logged.controller.reconcile(logged.arn), Requeue)
        assert logged.delivered() == ["last"]
    logged.save()
    logged.controller.reconcile(logged.arn)
    logged.save()
    assert logged.controller.reconcile(logged.arn) == DONE
    assert not logged.folder.exists()
    assert logged.arn not in logged.controller.all_keys()


def test_files_of_another_control_plane_go_at_the_start(logged: Logged) -> None:
    stranger = log_names.folder(logged.region, "arn:x/0123")
    stranger.mkdir()
    (stranger / "1.log").write_text("A\n")
    logged.new_controller()
    assert not stranger.exists()
    assert logged.folder.exists()
