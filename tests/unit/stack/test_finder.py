"""Terraform is found on the path, asked for its version, and refused with the remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.errors import TerraformMissing
from drydock.stack.finder import find_terraform, parse_version, version_text


def put_program(folder: Path, name: str, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    told = json.dumps({"terraform_version": version, "platform": "linux_amd64"})
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{told}'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.11.4", (1, 11, 4)),
        ("v1.10.0", (1, 10, 0)),
        ("1.12.0-rc1", (1, 12, 0)),
        ("5.100.0\n", (5, 100, 0)),
        ("1.11", None),
        ("latest", None),
    ],
)
def test_versions_are_read(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def test_version_text_is_the_usual_form() -> None:
    assert version_text((1, 10, 0)) == "1.10.0"


def test_terraform_is_taken_before_tofu(tmp_path: Path) -> None:
    program = put_program(tmp_path, "terraform", "1.11.4")
    put_program(tmp_path, "tofu", "1.11.0")
    found = find_terraform({"PATH": str(tmp_path)})
    assert found.program == program
    assert found.version == (1, 11, 4)
    assert found.name == "Terraform"
    assert found.registry == "registry.terraform.io"
    assert found.platform == "linux_amd64"


def test_tofu_is_taken_where_terraform_is_too_old(tmp_path: Path) -> None:
    put_program(tmp_path, "terraform", "1.9.8")
    put_program(tmp_path, "tofu", "1.10.2")
    found = find_terraform({"PATH": str(tmp_path)})
    assert found.is_tofu
    assert found.registry == "registry.opentofu.org"


def test_nothing_on_the_path_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(TerraformMissing, match="neither `terraform` nor `tofu`") as caught:
        find_terraform({"PATH": str(tmp_path)})
    assert "install" in caught.value.remedy
    assert "--quick" in caught.value.remedy


def test_a_terraform_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    put_program(tmp_path, "terraform", "1.9.8")
    with pytest.raises(TerraformMissing, match=r"is Terraform 1\.9\.8"):
        find_terraform({"PATH": str(tmp_path)})


def test_a_program_that_is_no_terraform_is_named(tmp_path: Path) -> None:
    program = put_program(tmp_path, "terraform", "x")
    program.write_text("#!/bin/sh\necho hello\n")
    with pytest.raises(TerraformMissing, match="did not answer as Terraform does"):
        find_terraform({"PATH": str(tmp_path)})
