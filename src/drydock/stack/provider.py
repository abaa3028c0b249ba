"""Find where the AWS provider comes from. The first of these sources is used:

1. a Terraform CLI configuration that exists: the one that the environment names, else the user's
   own in the home folder; it is used as it is
2. a filesystem mirror in one of Terraform's implied folders
3. a filesystem mirror one level below the system's usual places for optional and shared software
4. the registry

https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from drydock.stack.finder import Terraform, Version, parse_version, version_text

MINIMUM = (5, 100, 0)
REHEARSED = (5, 100)
"""Major and minor version of the provider that Drydock's own tests run."""

ADD_HASHES = (
    "the stack's .terraform.lock.hcl has no checksum of the provider for {0}: "
    "`terraform providers lock -platform={0} registry.terraform.io/hashicorp/aws` in the stack's folder "
    "adds it (docs/how-to/provider.md)"
)
SHARED = (Path("/opt"), Path("/usr/local/share"), Path("/usr/share"))
"""A mirror is looked for one level below each: `/opt/ANYTHING/registry.terraform.io/…`."""

Kind = Literal["configuration", "implied", "mirror", "registry"]


@dataclass(frozen=True)
class ProviderSource:
    """Where `terraform init` gets the AWS provider."""

    kind: Kind
    path: Path | None = None
    """The CLI configuration, or the mirror's folder; None for the registry."""
    version: Version | None = None
    """The newest version that a mirror has."""
    providers: tuple[str, ...] = ()
    """Every `HOST/NAMESPACE/TYPE` that a mirror has; other providers come from the registry."""

    def describe(self) -> str:
        """Return a line for the user, without a full stop."""
        if self.kind == "configuration":
            return f"as the Terraform CLI configuration {self.path} says"
        if self.kind == "registry":
            return "AWS provider from the registry"
        version = version_text(self.version) if self.version else "?"
        return f"AWS provider {version} from the mirror {self.path}"


def unrehearsed(used: Version | None) -> str | None:
    """Return a notice if the provider's version is not the one Drydock's tests run; else None. Pure."""
    if used is None or used[:2] == REHEARSED:
        return None
    return (
        f"AWS provider {version_text(used)}: Drydock's own tests ran with "
        f"{REHEARSED[0]}.{REHEARSED[1]}, so what is different in this one was never rehearsed "
        "(docs/how-to/provider.md)"
    )


def find_provider(
    terraform: Terraform,
    environ: Mapping[str, str],
    stack_folder: Path,
    *,
    locked: Version | None = None,
    shared: Iterable[Path] = SHARED,
) -> ProviderSource:
    """Return the first source that has the provider, 5.100 or newer; with `locked`, that exact version."""
    configuration = user_configuration(terraform, environ)
    if configuration is not None:
        return ProviderSource("configuration", configuration)
    for folder in implied_folders(terraform, environ, stack_folder):
        found = _mirror("implied", folder, terraform, locked)
        if found is not None:
            return found
    for folder in _one_level_below(shared):
        found = _mirror("mirror", folder, terraform, locked)
        if found is not None:
            return found
    return ProviderSource("registry")


def user_configuration(terraform: Terraform, environ: Mapping[str, str]) -> Path | None:
    """Return the CLI configuration that Terraform would read by itself, if that file exists."""
    named = environ.get("TF_CLI_CONFIG_FILE") or environ.get("TERRAFORM_CONFIG", "")
    if named:
        # Terraform only warns of a name without a file; our configuration takes its place.
        path = Path(named).expanduser()
        return path if path.is_file() else None
    home = _home(environ)
    candidates = [home / ".terraformrc"]
    if terraform.is_tofu:
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        candidates = [home / ".tofurc", *candidates, config / "opentofu" / "tofurc"]
    return next((path for path in candidates if path.is_file()), None)


def implied_folders(
    terraform: Terraform, environ: Mapping[str, str], stack_folder: Path
) -> list[Path]:
    """Return the folders that Terraform searches when no configuration is given, in its order.

    https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    """
    home = _home(environ)
    name = "opentofu" if terraform.is_tofu else "terraform"
    folders = [stack_folder / "terraform.d" / "plugins", home / ".terraform.d" / "plugins"]
    if sys.platform == "darwin":
        support = Path("Library/Application Support/io.terraform/plugins")
        return [*folders, home / support, Path("/") / support]
    data = [environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")]
    data += (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    return [*folders, *(Path(folder) / name / "plugins" for folder in data if folder)]


def cli_configuration(source: ProviderSource, cache: Path) -> str:
    """Return the text of Drydock's own CLI configuration. Pure.

    A mirror serves the providers it has and the registry all others. Terraform does the same with its
    implied folders: a provider that a mirror has is never looked up elsewhere.
    """
    lines = ["disable_checkpoint = true", f"plugin_cache_dir = {_quote(cache)}"]
    if source.kind in ("implied", "mirror"):
        names = ", ".join(json.dumps(name) for name in source.providers)
        lines += [
            "provider_installation {",
            "  filesystem_mirror {",
            f"    path    = {_quote(source.path)}",
            f"    include = [{names}]",
            "  }",
            "  direct {",
            f"    exclude = [{names}]",
            "  }",
            "}",
        ]
    return "\n".join(lines) + "\n"


def mirror_versions(folder: Path, address: str, platform: str) -> set[Version]:
    """Return the versions of one provider that a mirror has for a platform, packed or unpacked.

    Unpacked is `ADDRESS/VERSION/PLATFORM/`, packed is
    `ADDRESS/terraform-provider-TYPE_VERSION_PLATFORM.zip`.
    """
    home = folder / address
    prefix, suffix = f"terraform-provider-{home.name}_", f"_{platform}.zip"
    names = [
        path.name.removeprefix(prefix).removesuffix(suffix) for path in home.glob(f"*{suffix}")
    ]
    names += [path.parent.name for path in home.glob(f"*/{platform}") if any(path.iterdir())]
    return {version for name in names if (version := parse_version(name)) is not None}


def _mirror(
    kind: Kind, folder: Path, terraform: Terraform, locked: Version | None
) -> ProviderSource | None:
    address = f"{terraform.registry}/hashicorp/aws"
    try:
        if not (folder / address).is_dir():
            return None
        versions = mirror_versions(folder, address, terraform.platform)
        usable = {v for v in versions if v >= MINIMUM and (locked is None or v == locked)}
        if not usable:
            return None
        return ProviderSource(kind, folder.resolve(), max(usable), tuple(_providers(folder)))
    except PermissionError:
        # A folder that this user may not look into is no source for this user.
        return None


def _providers(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*/*/*")):
        host, namespace, name = path.relative_to(folder).parts
        if "." in host and path.is_dir():
            yield f"{host}/{namespace}/{name}"


def _one_level_below(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(path for path in place.iterdir() if path.is_dir())


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _quote(path: Path | None) -> str:
    # HCL reads "${" and "%{" in a string as the start of a template.
    return json.dumps(str(path), ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
