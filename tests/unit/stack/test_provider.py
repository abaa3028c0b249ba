"""The provider's sources are tried in the documented order, and only usable ones are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.stack.finder import Terraform
from drydock.stack.provider import (
    ProviderSource,
    cli_configuration,
    find_provider,
    implied_folders,
    mirror_versions,
    unrehearsed,
    user_configuration,
)

TERRAFORM = Terraform(Path("terraform"), (1, 11, 4), is_tofu=False, platform="linux_amd64")
TOFU = Terraform(Path("tofu"), (1, 11, 0), is_tofu=True, platform="linux_amd64")
AWS = "registry.terraform.io/hashicorp/aws"


def unpacked(mirror: Path, version: str, address: str = AWS, platform: str = "linux_amd64") -> Path:
    folder = mirror / address / version / platform
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-aws_v{version}").touch()
    return mirror


def packed(mirror: Path, version: str, platform: str = "linux_amd64") -> Path:
    folder = mirror / AWS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"terraform-provider-aws_{version}_{platform}.zip").touch()
    return mirror


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(home: Path, tmp_path: Path) -> dict[str, str]:
    """Nothing of the machine that runs the test."""
    return {"HOME": str(home), "XDG_DATA_DIRS": str(tmp_path / "data")}


def found(
    tmp_path: Path,
    environ: dict[str, str],
    terraform: Terraform = TERRAFORM,
    locked: tuple[int, int, int] | None = None,
) -> ProviderSource:
    return find_provider(
        terraform, environ, tmp_path / "stack", locked=locked, shared=[tmp_path / "shared"]
    )


def test_without_any_mirror_it_is_the_registry(tmp_path: Path, environ: dict[str, str]) -> None:
    assert found(tmp_path, environ) == ProviderSource("registry")


def test_a_configuration_that_the_environment_names_comes_first(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    unpacked(tmp_path / "shared" / "mirror", "5.100.0")
    named = tmp_path / "own.tfrc"
    named.touch()
    source = found(tmp_path, {**environ, "TF_CLI_CONFIG_FILE": str(named)})
    assert (source.kind, source.path) == ("configuration", named)


def test_a_configuration_that_is_named_and_missing_is_passed_over(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    mirror = unpacked(tmp_path / "shared" / "mirror", "5.100.0")
    source = found(tmp_path, {**environ, "TF_CLI_CONFIG_FILE": str(tmp_path / "gone")})
    assert (source.kind, source.path) == ("mirror", mirror)


def test_the_configuration_in_the_home_folder_counts_when_none_is_named(
    home: Path, environ: dict[str, str]
) -> None:
    (home / ".terraformrc").touch()
    assert user_configuration(TERRAFORM, environ) == home / ".terraformrc"
    gone = {**environ, "TF_CLI_CONFIG_FILE": str(home / "gone")}
    assert user_configuration(TERRAFORM, gone) is None


def test_tofu_has_a_configuration_of_its_own(home: Path, environ: dict[str, str]) -> None:
    (home / ".terraformrc").touch()
    (home / ".tofurc").touch()
    assert user_configuration(TOFU, environ) == home / ".tofurc"
    assert user_configuration(TERRAFORM, environ) == home / ".terraformrc"


def test_an_implied_folder_comes_before_shared_ones(
    tmp_path: Path, home: Path, environ: dict[str, str]
) -> None:
    unpacked(tmp_path / "shared" / "mirror", "5.101.0")
    mirror = unpacked(home / ".terraform.d" / "plugins", "5.100.0")
    source = found(tmp_path, environ)
    assert (source.kind, source.path, source.version) == ("implied", mirror, (5, 100, 0))


def test_implied_folders_follow_xdg(tmp_path: Path, environ: dict[str, str]) -> None:
    own = {**environ, "XDG_DATA_HOME": "/x", "XDG_DATA_DIRS": "/y:/z"}
    folders = [str(folder) for folder in implied_folders(TERRAFORM, own, tmp_path)]
    assert folders[0] == f"{tmp_path}/terraform.d/plugins"
    assert folders[-3:] == [f"/{name}/terraform/plugins" for name in "xyz"]


def test_a_packed_mirror_counts(tmp_path: Path, environ: dict[str, str]) -> None:
    mirror = packed(tmp_path / "shared" / "mirror", "5.100.0")
    source = found(tmp_path, environ)
    assert (source.path, source.version) == (mirror, (5, 100, 0))


def test_a_mirror_without_a_usable_version_is_passed_over(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    unpacked(tmp_path / "shared" / "a-old", "5.99.0")
    unpacked(tmp_path / "shared" / "b-mac", "5.100.0", platform="darwin_arm64")
    packed(tmp_path / "shared" / "c-mac", "5.100.0", platform="darwin_arm64")
    (tmp_path / "shared" / "d-empty" / AWS).mkdir(parents=True)
    right = packed(tmp_path / "shared" / "e", "6.2.0")
    assert found(tmp_path, environ).path == right


def test_a_locked_version_decides_between_mirrors(tmp_path: Path, environ: dict[str, str]) -> None:
    unpacked(tmp_path / "shared" / "a", "5.100.0")
    second = unpacked(tmp_path / "shared" / "b", "6.2.0")
    assert found(tmp_path, environ, locked=(6, 2, 0)).path == second
    assert found(tmp_path, environ, locked=(6, 3, 0)).kind == "registry"


def test_tofu_looks_for_its_own_registry_host(tmp_path: Path, environ: dict[str, str]) -> None:
    unpacked(tmp_path / "shared" / "a", "5.100.0")
    assert found(tmp_path, environ, TOFU).kind == "registry"
    mirror = unpacked(tmp_path / "shared" / "b", "5.100.0", "registry.opentofu.org/hashicorp/aws")
    assert found(tmp_path, environ, TOFU).path == mirror


def test_versions_of_both_layouts_are_listed(tmp_path: Path) -> None:
    packed(unpacked(tmp_path, "5.100.0"), "6.0.0")
    assert mirror_versions(tmp_path, AWS, "linux_amd64") == {(5, 100, 0), (6, 0, 0)}


def test_a_mirror_is_asked_for_all_that_it_has_and_the_registry_for_the_rest(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    mirror = unpacked(tmp_path / "shared" / "mirror", "5.100.0")
    (mirror / "registry.terraform.io" / "hashicorp" / "random").mkdir()
    (mirror / "not-a-host" / "a" / "b").mkdir(parents=True)
    text = cli_configuration(found(tmp_path, environ), tmp_path / "cache")
    names = f'["{AWS}", "registry.terraform.io/hashicorp/random"]'
    assert f"include = {names}" in text
    assert f"exclude = {names}" in text
    assert f'path    = "{mirror}"' in text


def test_for_the_registry_the_configuration_names_no_mirror(tmp_path: Path) -> None:
    text = cli_configuration(ProviderSource("registry"), tmp_path)
    assert "provider_installation" not in text
    assert "plugin_cache_dir" in text


def test_a_path_is_no_template_in_the_configuration() -> None:
    source = ProviderSource("mirror", Path('/a ${b} "c"'), (5, 100, 0), (AWS,))
    assert r'path    = "/a $${b} \"c\""' in cli_configuration(source, Path("/cache"))


def test_the_source_is_told_in_words() -> None:
    assert ProviderSource("registry").describe() == "AWS provider from the registry"
    mirror = ProviderSource("mirror", Path("/m"), (5, 100, 0))
    assert mirror.describe() == "AWS provider 5.100.0 from the mirror /m"
    assert "/x.tfrc" in ProviderSource("configuration", Path("/x.tfrc")).describe()


def test_only_a_version_that_the_tests_did_not_run_is_told_of() -> None:
    assert unrehearsed((5, 100, 0)) is None
    assert unrehearsed((5, 100, 1)) is None
    assert unrehearsed(None) is None
    for used in ((5, 101, 0), (6, 2, 0)):
        told = unrehearsed(used) or ""
        assert f"{used[0]}.{used[1]}.{used[2]}" in told
        assert "5.100" in told
