"""Backend and profiles are read from a stack's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.errors import UsageError
from drydock.stack.source import (
    StackSource,
    locked_provider,
    parse_hcl,
    parse_json,
    read_source,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource "a" "b" {}', StackSource()),
        ('terraform {\n  backend "s3" {}\n}', StackSource("s3")),
        (
            'terraform {\n  required_version = ">= 1"\n'
            '  backend "s3" {\n    bucket = "b"\n    key = "k/${x}"\n  }\n}',
            StackSource("s3", frozenset({"bucket", "key"})),
        ),
        ('terraform { backend "local" { path = "x" } }', StackSource("local", frozenset({"path"}))),
        ('terraform {\n  cloud {\n    organization = "o"\n  }\n}', StackSource("cloud")),
        ('# terraform {\n#  backend "s3" {}\n# }', StackSource()),
        ('/* terraform {\n backend "s3" {} } */\nterraform {}', StackSource()),
        ('terraform {\n  // backend "gcs" {}\n  backend "s3" {}\n}', StackSource("s3")),
        ('locals {\n  a = <<-EOT\n  terraform {\n backend "s3" {}\n }\n  EOT\n}', StackSource()),
        ('terraform {\n}\nresource "x" "y" {\n  backend "s3" {}\n}', StackSource()),
        (
            'provider "aws" {\n  profile = "prod"\n  region = "r"\n}\n'
            'provider "aws" {\n  alias = "b"\n  profile = "${var.p}"\n}',
            StackSource(profiles=frozenset({"prod"})),
        ),
    ],
)
def test_hcl(text: str, expected: StackSource) -> None:
    assert parse_hcl(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", StackSource()),
        ("[", StackSource()),
        (
            '{"terraform": {"backend": {"s3": {"bucket": "b"}}}}',
            StackSource("s3", frozenset({"bucket"})),
        ),
        ('{"terraform": [{"cloud": {}}]}', StackSource("cloud")),
        (
            '{"provider": {"aws": [{"profile": "a"}, {"profile": "b"}]}}',
            StackSource(profiles=frozenset({"a", "b"})),
        ),
    ],
)
def test_json(text: str, expected: StackSource) -> None:
    assert parse_json(text) == expected


def test_all_files_of_the_folder_count(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_text('provider "aws" {\n  profile = "one"\n}\n')
    (tmp_path / "b.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    (tmp_path / "c.tf.json").write_text('{"provider": {"aws": {"profile": "two"}}}')
    assert read_source(tmp_path) == StackSource("s3", frozenset(), frozenset({"one", "two"}))


def test_a_folder_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        read_source(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"no \*\.tf file"):
        read_source(tmp_path)


def test_the_locked_version_is_of_the_right_registry(tmp_path: Path) -> None:
    assert locked_provider(tmp_path, "registry.terraform.io") is None
    (tmp_path / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/random" {\n  version = "3.6.0"\n}\n'
        'provider "registry.terraform.io/hashicorp/aws" {\n'
        '  version     = "6.2.0"\n  constraints = ">= 5.100.0"\n}\n'
    )
    assert locked_provider(tmp_path, "registry.terraform.io") == (6, 2, 0)
    assert locked_provider(tmp_path, "registry.opentofu.org") is None
