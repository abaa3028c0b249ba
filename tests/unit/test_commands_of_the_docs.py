"""What the tutorial and the how-tos say to type exists: targets, commands, options, variables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from drydock.cli.main import app
from tests.support.fences import PAGES, ROOT, commands

_TARGETS = set(re.findall(r"^([.\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_VARIABLES = set(
    re.findall(r'^variable "(\w+)"', (ROOT / "infra/variables.tf").read_text(), re.MULTILINE)
)
_SHOWN = [
    pytest.param(page, command, id=f"{page.stem}: {command[:60]}")
    for page in PAGES
    for command in commands(page)
]
_OTHERS = {
    "aws", "podman", "docker", "terraform", "git", "eval", "export", "cd", "secret", "group", "dig",
}  # fmt: skip
"""Programs that are not ours, and words of the shell."""


def words_of(command: str) -> tuple[dict[str, str], list[str]]:
    """The variables that are set before a command, and its words."""
    words = shlex.split(re.sub(r"^\w+=\$\((.*)\)$", r"\1", command).split(" | ", maxsplit=1)[0])
    given: dict[str, str] = {}
    while words and (found := re.fullmatch(r"(\w+)=(.*)", words[0], re.DOTALL)):
        given[found[1]] = found[2]
        words.pop(0)
    return given, words


@pytest.mark.parametrize(("page", "command"), _SHOWN)
def test_a_command_that_is_shown_exists(page: Path, command: str) -> None:
    given, words = words_of(command)
    if words and words[0] == "export":
        given |= dict(word.split("=", 1) for word in words[1:])
    for name in given:
        if name.startswith("TF_VAR_"):
            assert name.removeprefix("TF_VAR_") in _VARIABLES
    if not words:
        return
    program = Path(words[0]).name
    if program == "make":
        targets = [word for word in words[1:] if "=" not in word]
        assert set(targets) <= _TARGETS
    elif program == "drydock":
        exists(words[1:])
    else:
        assert program in _OTHERS or program.split("=")[0] in _OTHERS


def exists(words: list[str]) -> None:
    """The command is there, and has the options that are given."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    # A group has commands; Typer's own groups are not always click's.
    while hasattr(command, "commands"):
        name = rest.pop(0)
        found = command.commands.get(name)
        assert found is not None, name
        command = found
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    for word in rest:
        if word == "--":
            break
        if word.startswith("-"):
            assert word.split("=")[0] in options | {"--help"}, word
