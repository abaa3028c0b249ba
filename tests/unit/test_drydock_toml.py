"""The reference of `drydock.toml` is about the keys that there are, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from drydock import account
from drydock.config import Config, EcsConfig, ImageConfig, RegionConfig, load

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "drydock-toml.md").read_text()
MODELS: list[type[BaseModel]] = [
    RegionConfig,
    EcsConfig,
    ImageConfig,
    *(getattr(account, name) for name in account.__all__),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.__name__)
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    for key in model.model_fields:
        assert re.search(rf"`{key}`|\[\[account\.{key}\]\]", TEXT), f"{model.__name__}.{key}"


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (section, key)
        for section, model in (("region", RegionConfig), ("ecs", EcsConfig))
        for key in model.model_fields
    ],
)
def test_defaults_are_right(section: str, key: str) -> None:
    found = re.search(rf"^\| `{key}` \| `(.+?)` \|", TEXT, re.MULTILINE)
    assert found, key
    said = found[1].strip('"').replace('"', "'").lower()
    default = getattr(getattr(Config(folder=Path()), section), key)
    shown = str(list(default) if isinstance(default, tuple) else default).lower()
    assert said == shown.removesuffix(".0")


def test_the_example_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "drydock.toml").write_text(example)
    monkeypatch.setenv("TF_VAR_vpc_id", "vpc-0123456789abcdef0")
    monkeypatch.setenv("DB_PASSWORD", "x")
    monkeypatch.setenv(
        "TF_VAR_certificate_arn",
        "arn:aws:acm:ap-southeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    )
    found = load(tmp_path).account
    assert all(len(getattr(found, kind)) == 1 for kind in account.Account.model_fields)
