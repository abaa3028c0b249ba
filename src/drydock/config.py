"""Settings of `drydock.toml`. Unknown keys are refused by name."""

from __future__ import annotations

import os
import re
import tomllib
from fnmatch import fnmatchcase
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drydock.account import Account
from drydock.account.reading import prepare
from drydock.errors import ConfigError

FILE_NAME = "drydock.toml"
_NEVER_WHOLE = frozenset({"/", "/dev", "/etc", "/proc", "/sys"})
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RegionConfig(_Section):
    """`[region]`."""

    name: str = Field(default="ap-southeast-2", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """The AWS region that the local one stands for."""
    account_id: str = Field(default="123456789012", pattern=r"^\d{12}$")
    port: int = Field(default=4566, ge=1, le=65535)
    """The API's port on loopback; if it is taken, the next free one."""
    dns_port: int = Field(default=5354, ge=1, le=65535)
    """The DNS server's port on loopback, UDP and TCP; if it is taken, the next free one."""
    time_scale: float = Field(default=10.0, gt=0)
    """AWS's waiting times are divided by this."""
    renew_certificates_at: float = Field(default=0.77, ge=0.00001, lt=1)
    """A certificate is renewed when this share of its 198 days is over: 45 days before its end, as ACM
    does it. Certificates live in real time, so a rehearsal takes a small share, of minutes at least."""
    enforce_iam: bool = False
    """Check every call to the API against IAM's policies, except those of the account's root."""
    ephemeral: bool = False
    """Databases do not wait for the disk: what was committed may be lost when the machine stops."""
    allow_users: Literal["owner", "any"] = "owner"
    """Users of this machine that may use the API on loopback: the region's owner and root, or any."""
    log_bytes: int = Field(default=1_000_000_000, ge=1_000_000)
    """Most bytes on disk for the events of all log groups; beyond that the oldest are deleted."""
    metric_bytes: int = Field(default=100_000_000, ge=1_000_000)
    """Most bytes on disk for the values of all metrics; beyond that the oldest are deleted."""
    object_bytes: int = Field(default=10_000_000_000, ge=1_000_000)
    """Most bytes on disk for the objects of all buckets; beyond that uploads are refused."""
    root_access_keys: tuple[str, ...] = ()
    """Further access keys of the account's root where IAM is enforced, each its own secret. They are no
    secret: everyone who may use the API and knows one is root."""
    container_engine: Literal["auto", "podman", "docker", "none"] = "auto"
    """Engine that has images without an [images] entry; auto: podman if it is there, else docker."""
    pull_images: bool = False
    """Let that engine pull images that it does not have."""
    client_address: IPv4Address = IPv4Address("203.0.113.10")
    """The public address that clients on this machine have inside the region."""


class ImageConfig(_Section):
    """`[images."NAME:TAG"]`: how a task of that image runs as a program of this machine."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: Path | None = None
    environment: dict[str, str] = {}
    user: str = ""
    read: tuple[Path, ...] = ()
    """Further files and folders of this machine that its tasks can read."""
    write: tuple[Path, ...] = ()
    """Further files and folders that its tasks can write."""
    driver: Literal["process", "container"] = "process"
    """container: the container engine's image of that name; the other keys must be empty then."""

    @model_validator(mode="after")
    def _one_driver(self) -> Self:
        others = [name for name, value in self if name != "driver" and value]
        if self.driver == "container" and others:
            raise ValueError(f"driver container takes no {', '.join(others)}")
        for path in (*self.read, *self.write):
            if os.path.normpath(path) in _NEVER_WHOLE:
                raise ValueError(f"{path} as a whole cannot be shown to a task: name what is in it")
        return self


class EcsConfig(_Section):
    """`[ecs]`."""

    cap_cpu: bool = False
    """Limit a task to the processor time that its cpu setting says."""
    memory_limits: Literal["auto", "sampling"] = "auto"
    """auto: by cgroup where one can be created, else by sampling."""


class Config(_Section):
    """The whole file. `folder` is the file's folder; relative paths in it are relative to that."""

    folder: Path
    region: RegionConfig = RegionConfig()
    ecs: EcsConfig = EcsConfig()
    images: dict[str, ImageConfig] = {}
    account: Account = Account()

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if words := self.account.misplaced(self.region.name, self.region.account_id):
            raise ValueError(f"account: {words}")
        return self

    def asked(self, *, enforce_iam: bool = False, ephemeral: bool = False) -> Config:
        """Return these settings with the command line's options added; options never turn a setting off."""
        wanted = {"enforce_iam": enforce_iam, "ephemeral": ephemeral}
        added = {name: True for name, one in wanted.items() if one}
        return self.model_copy(update={"region": self.region.model_copy(update=added)})

    def image(self, reference: str) -> ImageConfig | None:
        """Return the entry for an image reference: the exact name first, then the first matching pattern."""
        name = self.entry(reference)
        return None if name is None else self.images[name]

    def entry(self, reference: str) -> str | None:
        """Return the name of the entry for an image reference, or None."""
        if reference in self.images:
            return reference
        return next((one for one in self.images if fnmatchcase(reference, one)), None)


def load(folder: Path, file: Path | None = None) -> Config:
    """Read `drydock.toml` in `folder`, or `file`. Without a file in `folder`, return the defaults.

    Raises ConfigError: unreadable, not TOML, an unknown key, a wrong value, an unset ${VARIABLE}.
    """
    path = file if file is not None else folder / FILE_NAME
    if not path.exists():
        if file is not None:
            raise ConfigError(f"{path}", "no such file", "name an existing file with --config")
        return Config(folder=folder)
    try:
        raw = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read", str(error), "mend the file") from error
    base = path.resolve().parent
    data = _expand(raw, path, ())
    if "account" in data:
        data["account"] = prepare(data["account"], os.environ, str(path))
    for image in data.get("images", {}).values() if isinstance(data.get("images"), dict) else ():
        if isinstance(image, dict):
            _make_absolute(image, base)
    try:
        return Config(folder=base, **data)
    except (ValidationError, TypeError) as error:
        raise ConfigError(f"{path} is wrong", _sentence(error), "mend the key named here") from None


def _expand(value: Any, path: Path, where: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, path, (*where, str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, where) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ and where[0] == "account":
            return ""  # treated as an empty one: its entry is left out
        if name not in os.environ:
            raise ConfigError(
                f"{path}: {'.'.join(where)}",
                f"the environment variable {name} is not set",
                f"set {name}, or write its value into the file",
            )
        return os.environ[name]

    return _VARIABLE.sub(replace, value)


def _make_absolute(image: dict[str, Any], base: Path) -> None:
    """Resolve relative programs and folders against the file's folder; leave bare names to PATH."""
    for key in ("entrypoint", "command"):
        words = image.get(key)
        if isinstance(words, list) and words and isinstance(words[0], str):
            first = words[0]
            is_program = key == "entrypoint" or not image.get("entrypoint")
            if is_program and "/" in first and not first.startswith("/"):
                words[0] = str(base / first)
    folder = image.get("working_dir")
    if isinstance(folder, str):
        image["working_dir"] = str(base / folder)
    for key in ("read", "write"):
        paths = image.get(key)
        if isinstance(paths, list):
            image[key] = [
                str(base / Path(one).expanduser()) if isinstance(one, str) else one for one in paths
            ]


def _sentence(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "`folder` is not a key of this file"
    said = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        words = item["msg"].removeprefix("Value error, ")
        said.append(f"{where}: {words}" if where else words)
    return "; ".join(said)
