"""Documentation: what it names is there, and what is generated from the code is current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SYSTEMS = [
    "ECS",
    "ALB",
    "Aurora",
    "ACM",
    "Route 53",
    "S3",
    "IAM",
    "security groups",
    "CloudWatch",
    "GitHub Actions",
    "3 Musketeers",
    "Terraform",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", page.read_text())
    inside = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_the_readme_says_of_every_system_where_it_is_and_what_proves_it() -> None:
    text = (ROOT / "README.md").read_text()
    table = text.split("what proves it\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    named = [name for row in rows for name in row[0].removeprefix("| ").split(", ")]
    assert named == SYSTEMS
    for _, defined, proved in rows:
        assert "](" in defined
        tests = re.findall(r"\]\((tests/\S+\.py)\)", proved)
        assert tests
        for one in tests:
            assert re.search(r"^def test_", (ROOT / one).read_text(), re.MULTILINE), one


@pytest.mark.parametrize(
    "script",
    ["stack-diagram", "stack-reference", "stack-combinations", "services-reference", "house"],
)
def test_what_is_written_from_the_stack_is_current(script: str) -> None:
    argv = [sys.executable, str(ROOT / "scripts" / script), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_diagram_is_of_the_security_groups_rules() -> None:
    page = (ROOT / "docs/reference/architecture.md").read_text()
    shown = re.findall(r"^    (\S+?)(?:\(\(.*?\)\))? -->\|(.*?)\| (\w+)", page, re.MULTILINE)
    assert set(shown) == {
        ("internet", "80, 443", "load_balancer"),
        ("load_balancer", "container_port", "task"),
        ("task", "5432", "database"),
        ("task", "everything", "internet"),
    }
