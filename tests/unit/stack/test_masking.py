from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.stack.masking import MASK, assigned, masker, masker_of, sensitive_names

FILES = """
variable "password" {
  type      = string
  sensitive = true
}

variable "prefix" {
  type = string
  # sensitive = true
}

variable "object" {
  type = object({
    key = string
  })
  sensitive = true
}
"""


def test_the_variables_that_are_declared_sensitive_are_found() -> None:
    assert sensitive_names([FILES]) == {"password", "object"}


def test_a_value_is_masked_as_it_is_and_as_terraform_quotes_it() -> None:
    value = 'with "quotes"/slash'
    mask = masker([value])
    told = f"var.password is {json.dumps(value)}"
    assert mask(told) == f'var.password is "{MASK}"'
    assert mask('with "quotes"/slash!') == f"{MASK}!"


def test_each_line_of_a_value_is_masked_and_the_longest_value_first() -> None:
    mask = masker(["first line\nsecond line", "correct", "correct-horse"])
    assert mask("second line") == MASK
    assert mask("correct-horse") == MASK


@pytest.mark.parametrize("values", [[], [""], ["abc"]])
def test_nothing_and_what_is_too_short_hide_nothing(values: list[str]) -> None:
    assert masker(values)("abcdef") == "abcdef"


def test_files_of_variables_are_read(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(FILES)
    (tmp_path / "terraform.tfvars").write_text('password = "of-a-file"\nprefix = "shown"\n')
    (tmp_path / "more.auto.tfvars.json").write_text('{"password": "of-json"}')
    mask = masker_of(tmp_path, {"TF_VAR_password": "of-environ", "TF_VAR_prefix": "shop"})
    assert mask("of-file of-a-file of-environ shown shop") == f"of-file {MASK} {MASK} shown shop"
    assert mask("of-json") == MASK


def test_only_sensitive_names_count() -> None:
    assert assigned(['prefix = "shown"'], frozenset({"password"})) == []
