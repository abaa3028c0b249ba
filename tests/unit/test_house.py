"""What the layout promises and import-linter cannot say: docs/contributing/house.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "src/drydock/region/services"
FOLDERS = sorted(one.parent for one in SERVICES.glob("*/service.py"))
SHARED = {"kit"}
OFFERED = {("route53", "names"), ("ec2", "host_access"), ("secretsmanager", "rotation")}
"""What a service offers besides its `__init__` and records: a module that says so in its docstring."""


def imported(file: Path) -> Iterator[tuple[str, ...]]:
    """The parts below `drydock.region.services` of every module that a file imports from."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "drydock.region.services."
        ):
            yield tuple(str(node.module).split(".")[3:])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda one: one.name)
def test_services_see_of_each_other_what_they_offer(folder: Path) -> None:
    found = {
        (str(file.relative_to(SERVICES)), ".".join(parts))
        for file in folder.rglob("*.py")
        for parts in imported(file)
        if parts[0] not in (folder.name, *SHARED)
        and len(parts) > 1
        and parts[1] != "records"
        and parts[:2] not in OFFERED
    }
    assert not found


def test_the_list_of_services_is_the_folders() -> None:
    from drydock.region.daemon import services

    assert sorted(services.SERVICES) == [one.name for one in FOLDERS]
