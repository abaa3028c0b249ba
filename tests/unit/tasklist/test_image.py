"""The image installs what the application imports, in the versions of the lock file."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "tasklist"
# imported by name, installed as or together with
COMES_WITH = {
    "psycopg": {"psycopg[binary]"},
    "prometheus_client": {"prometheus-client"},
    "starlette": {"fastapi"},
    "pydantic": {"fastapi"},
    "sqlalchemy": {"alembic"},
    "opentelemetry": {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"},
}


def imported() -> set[str]:
    names: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"tasklist"}


def test_requirements_are_what_is_imported() -> None:
    lines = (SOURCE / "requirements.txt").read_text().splitlines()
    required = {line for line in lines if line and not line.startswith("#")}
    assert set().union(*(COMES_WITH.get(name, {name}) for name in imported())) == required


def test_every_requirement_is_in_the_lock_file() -> None:
    locked = set(re.findall(r"(?m)^([a-z0-9._-]+)", (ROOT / "requirements.lock").read_text()))
    for line in (SOURCE / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert line.partition("[")[0] in locked


def test_the_image_runs_as_nobody_special_and_checks_its_health() -> None:
    dockerfile = (SOURCE / "Dockerfile").read_text()
    assert re.search(r"(?m)^USER [1-9]\d+$", dockerfile)
    assert "HEALTHCHECK" in dockerfile
    assert "/healthcheck/live" in dockerfile
