from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from drydock.errors import StackError, UsageError
from drydock.paths import Workspace
from drydock.stack.quick import record
from drydock.stack.quick.settings import Settings

VARIABLES = Path(__file__).parents[4] / "infra" / "variables.tf"
_VARIABLE = re.compile(r'variable "(\w+)" \{.*?default\s+= ("[^"]*"|\S+)', re.DOTALL)


def test_names_and_defaults_are_those_of_infra() -> None:
    declared = dict(_VARIABLE.findall(VARIABLES.read_text()))
    for one in fields(Settings):
        default = "null" if one.default is None else str(one.default)
        written = default.lower() if one.type == "bool" else default
        assert declared[one.name].strip('"') == written, one.name


def test_an_empty_variable_is_not_set() -> None:
    assert (
        Settings.of_environment({"TF_VAR_prefix": "", "TF_VAR_production": "false"}) == Settings()
    )


def test_variables_are_taken_with_their_types() -> None:
    settings = Settings.of_environment({"TF_VAR_prefix": "shop", "TF_VAR_desired_count": "3"})
    assert (settings.prefix, settings.desired_count) == ("shop", 3)
    settings = Settings.of_environment({"TF_VAR_scaling": "false", "TF_VAR_scaling_max": "9"})
    assert (settings.scaling, settings.scaling_max) == (False, 9)


def test_scaling_neither_starts_nor_stops_what_was_asked_for() -> None:
    asked = (0, 1, 2, 8)
    assert [Settings(desired_count=one).bounds() for one in asked] == [
        (0, 6),
        (1, 6),
        (2, 6),
        (2, 8),
    ]
    assert Settings(scaling_min=7).bounds() == (7, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("domain_name", "example.com"),
        ("certificate_arn", "arn:aws:acm:x"),
        ("vpc_id", "vpc-12345678"),
        ("production", "true"),
        ("desired_count", "two"),
        ("scaling", "perhaps"),
        ("vpc_cidr", "10.0.0.0/30"),
    ],
)
def test_what_quick_cannot_do_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"TF_VAR_{name}"):
        Settings.of_environment({f"TF_VAR_{name}": value})


def test_the_password_is_neither_shown_nor_kept(tmp_path: Path) -> None:
    settings = Settings(prefix="shop", postgresql_password="correct-horse")
    assert "correct-horse" not in repr(settings)
    workspace = Workspace(tmp_path)
    record.save(workspace, settings)
    [note] = list(workspace.region.glob("*.json"))
    assert "correct-horse" not in note.read_text()
    loaded = record.load(workspace)
    assert loaded is not None
    assert loaded.settings == Settings(prefix="shop")
    record.forget(workspace)
    assert record.load(workspace) is None


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    record.save(workspace, Settings())
    [note] = list(workspace.region.glob("*.json"))
    note.write_text("{")
    with pytest.raises(StackError, match=r"quick\.json"):
        record.load(workspace)
