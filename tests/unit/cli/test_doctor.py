from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.cli import doctor
from drydock.cli.doctor import Finding

from .conftest import Run


def test_what_is_missing_comes_with_one_command_and_exit_code_3(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = (
        lambda: Finding("nft", "", "not on the path", "sudo apt-get install -y nftables"),
        lambda: Finding("Terraform", "", "none", "install it", needed=False),
        lambda: Finding("HAProxy", "/usr/sbin/haproxy"),
    )
    monkeypatch.setattr(doctor, "CHECKS", checks)
    ended = run("doctor")
    assert ended.code == 3
    assert "sudo apt-get install -y nftables" in ended.out
    assert "not in order: nft" in ended.err
    found = json.loads(run("doctor", "--json").out)
    assert [one["name"] for one in found] == ["nft", "Terraform", "HAProxy"]


def test_what_drydock_can_do_without_is_no_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (lambda: Finding("Terraform", "", "none", needed=False),))
    assert run("doctor").code == 0


def test_nft_that_is_not_on_the_path_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.nft().found == ""


def test_a_terraform_that_is_missing_is_told_in_the_stacks_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = doctor.terraform()
    assert (finding.found, finding.needed) == ("", False)
    assert "terraform" in finding.problem


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("kernel/unprivileged_userns_clone", "1", "--privileged"),
    ],
)
def test_the_setting_that_forbids_namespaces_is_named(
    tmp_path: Path, name: str, value: str, expected: str
) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{value}\n")
    assert expected in doctor.namespaces_remedy(tmp_path)
