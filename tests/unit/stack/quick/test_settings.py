from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from drydock.errors import StackError, UsageError
from drydock.paths import Workspace
from drydock.stack.quick import record, settings
from drydock.stack.quick.settings import Settings

VARIABLES = Path(__file__).parents[4] / "infra" / "variables.tf"
_VARIABLE = re.compile(r'variable "(\w+)" \{.*?default\s+= ("[^"]*"|\S+)', re.DOTALL)
_ATTRIBUTE = re.compile(r"^    (\w+) += optional\(\w+(?:, ([^()]+))?\)$", re.MULTILINE)


def declared(text: str) -> dict[str, str]:
    """Variables, and attributes of those that are objects as `variable.attribute` => default."""
    found = dict(_VARIABLE.findall(text))
    for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
        for attribute, default in _ATTRIBUTE.findall(body):
            found[f"{name}.{attribute}"] = default or "null"
    return found


def test_names_and_defaults_are_those_of_infra() -> None:
    written = declared(VARIABLES.read_text())
    for one in fields(Settings):
        name = ".".join(settings._GROUPED.get(one.name, (one.name,)))
        default = "null" if one.default is None else str(one.default)
        said = default.lower() if one.type == "bool" else default
        if one.name == "health_check_path":
            # Of what pauses; infra/ works it out, and its own tests say the same.
            assert written[name] == "null"
            continue
        assert written[name].strip('"') == said, one.name


def test_an_empty_variable_is_not_set() -> None:
    assert (
        Settings.of_environment({"TF_VAR_prefix": "", "TF_VAR_production": "false"}) == Settings()
    )


def test_variables_are_taken_with_their_types() -> None:
    given = {"TF_VAR_prefix": "shop", "TF_VAR_service": '{"desired_count": 3}'}
    found = Settings.of_environment(given)
    assert (found.prefix, found.desired_count) == ("shop", 3)
    for text in (
        '{"scaling": false, "scaling_max": 9}',
        "{ scaling = false, scaling_max = 9 }",
        "{scaling=false,scaling_max=9}",
    ):
        found = Settings.of_environment({"TF_VAR_service": text})
        assert (found.scaling, found.scaling_max) == (False, 9)


def test_a_database_that_does_not_pause_is_part_of_the_health_check() -> None:
    assert Settings.of_environment({}).health_check_path == "/healthcheck/live"
    found = Settings.of_environment({"TF_VAR_postgresql_instance_class": "db.t4g.medium"})
    assert found.health_check_path == "/healthcheck/"


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
        ("service", '{"desired_count": "two"}'),
        ("service", '{"scaling": "perhaps"}'),
        ("service", "{ cpu = max(256, 512) }"),
        ("network", '{"cidr": "10.0.0.0/30"}'),
    ],
)
def test_what_quick_cannot_do_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"TF_VAR_{name}"):
        Settings.of_environment({f"TF_VAR_{name}": value})


def test_the_password_is_neither_shown_nor_kept(tmp_path: Path) -> None:
    own = Settings(prefix="shop", postgresql_password="correct-horse")
    assert "correct-horse" not in repr(own)
    workspace = Workspace(tmp_path)
    record.save(workspace, own)
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
