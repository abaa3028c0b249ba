"""Files of stacks and targets are told apart."""

from __future__ import annotations

from pathlib import Path

from drydock.aws.target import Target
from drydock.paths import Workspace
from drydock.stack.files import StackFiles, read_json

LOCAL = Target.local("http://127.0.0.1:4566")
AWS = Target("aws", "eu-west-1", "210987654321")


def test_stacks_and_targets_are_kept_apart(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    one = StackFiles.of(workspace, tmp_path / "a" / "infra", LOCAL)
    two = StackFiles.of(workspace, tmp_path / "b" / "infra", LOCAL)
    three = StackFiles.of(workspace, tmp_path / "a" / "infra", AWS)
    assert len({files.data_dir for files in (one, two, three)}) == 3
    assert one.plan_record == three.plan_record != two.plan_record
    assert one.state("r1") != one.state("r2")


def test_a_slug_is_fit_for_a_bucket(tmp_path: Path) -> None:
    name = "My Stack_" + "x" * 90
    slug = StackFiles.of(Workspace(tmp_path), tmp_path / name, LOCAL).slug
    assert len(f"drydock-state-{slug}") <= 63
    assert slug.replace("-", "").isalnum()
    assert slug == slug.lower()


def test_a_record_that_is_none_is_read_as_none(tmp_path: Path) -> None:
    path = tmp_path / "record"
    assert read_json(path) is None
    path.write_text("{")
    assert read_json(path) is None
    path.write_text("[]")
    assert read_json(path) is None
