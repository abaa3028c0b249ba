"""3 Musketeers: the same targets on the machine and in the container, with the same settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
COMPOSE = """#!/bin/sh
echo "$@" >> {log}
env | grep -E '^(DRYDOCK_[UG]ID|BASH_ENV)=' >> {log}.env
case "$*" in *$FAILS*) exit 7 ;; esac
"""


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def template() -> list[str]:
    return re.findall(r"^#([A-Za-z_]+)=", (ROOT / "env.template").read_text(), re.MULTILINE)


def checkout(folder: Path) -> Path:
    """The Makefile, with a target that shows what a target sees."""
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copy(ROOT / "env.template", folder)
    show = "show:\n\t@env; bash -c 'echo below=$$BASH_ENV'\n"
    (folder / "Makefile").write_text(
        (ROOT / "Makefile").read_text().replace("\nendif\n", f"\n{show}\nendif\n")
    )
    return folder


def make(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def in_docker(folder: Path, *words: str, fails: str = "nothing") -> tuple[int, list[str], str]:
    """Run make with RUN_IN=docker and a compose that only notes: exit code, its calls, its environment."""
    log = folder / "calls"
    program = folder / "compose"
    program.write_text(COMPOSE.format(log=log))
    program.chmod(0o755)
    done = make(ROOT, *words, "RUN_IN=docker", f"COMPOSE={program}", FAILS=fails)
    return done.returncode, log.read_text().splitlines(), Path(f"{log}.env").read_text()


def test_compose_is_valid_by_the_specifications_schema() -> None:
    pytest.importorskip("check_jsonschema", reason="the schema comes with check-jsonschema")
    schema = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    jsonschema.validate(compose(), json.loads(schema.read_text()))


def test_the_container_gets_every_setting_and_no_value_is_written_down() -> None:
    environment = compose()["services"]["tool"]["environment"]
    assert environment == template()


def test_every_variable_of_the_template_is_one_of_the_stacks() -> None:
    known = re.findall(
        r'^variable "(\w+)"', (ROOT / "infra/variables.tf").read_text(), re.MULTILINE
    )
    asked = {name.removeprefix("TF_VAR_") for name in template() if name.startswith("TF_VAR_")}
    assert asked <= set(known)


def test_what_an_image_copies_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    for file in ("Dockerfile", "src/tasklist/Dockerfile"):
        text = (ROOT / file).read_text()
        copies = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", text, re.MULTILINE)
        sources = [word for line in copies for word in line.split()]
        assert sources
        for source in sources:
            assert (ROOT / source).exists()
            assert source.split("/")[0] in allowed


def test_no_image_runs_as_root() -> None:
    for file in ("Dockerfile", "src/tasklist/Dockerfile"):
        users = re.findall(r"^USER (\d+)", (ROOT / file).read_text(), re.MULTILINE)
        assert users
        assert int(users[-1]) >= 1000


def test_env_is_private_made_once_and_never_overwritten(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    assert make(folder, ".env").returncode == 0
    file = folder / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("MINE=1\n")
    assert make(folder, ".env").returncode == 0
    assert file.read_text() == "MINE=1\n"


def test_targets_see_what_env_sets_unless_the_shell_says_otherwise(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    ran = folder / "ran"
    (folder / ".env").write_text(
        "# a comment\n\n"
        f'TF_VAR_postgresql_password="p $x `touch {ran}` $(touch {ran}) #\'"\n'
        "AWS_REGION=eu-west-1\nAWS_PROFILE=\nexport TARGET='aws'\r\nlast=no-newline"
    )
    done = make(folder, "show", AWS_REGION="us-east-1")
    assert done.returncode == 0, done.stderr
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert seen["TF_VAR_postgresql_password"] == f"p $x `touch {ran}` $(touch {ran}) #'"
    assert not ran.exists()
    assert (seen["AWS_REGION"], seen["TARGET"], seen["last"]) == ("us-east-1", "aws", "no-newline")
    assert "AWS_PROFILE" not in seen
    assert seen["below"] == ""  # a script that a target runs reads no file again


def test_every_target_goes_into_the_container_once_with_its_words(tmp_path: Path) -> None:
    code, calls, env = in_docker(tmp_path, "plan", "apply", "TARGET=aws")
    assert code == 0
    assert calls == ["up -d tool", "exec -T tool make plan apply TARGET=aws RUN_IN="]
    assert f"DRYDOCK_UID={os.getuid()}\n" in env


def test_down_ends_the_container_too_and_without_a_target_there_is_help(tmp_path: Path) -> None:
    assert in_docker(tmp_path, "down")[1][1:] == ["exec -T tool make down RUN_IN=", "rm -sf tool"]
    (tmp_path / "calls").unlink()
    assert in_docker(tmp_path)[1][1:] == ["exec -T tool make help RUN_IN="]


def test_what_fails_in_the_container_fails_here(tmp_path: Path) -> None:
    code, calls, _ = in_docker(tmp_path, "plan", "apply", fails="exec")
    assert code == 2
    assert len(calls) == 2
