"""`drydock.toml`: what a user may set. Unknown keys are refused by name."""

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
    """The AWS region that is stood in for."""
    account_id: str = Field(default="123456789012", pattern=r"^\d{12}$")
    port: int = Field(default=4566, ge=1, le=65535)
    """The API's port on loopback; the next free one where it is taken."""
    dns_port: int = Field(default=5354, ge=1, le=65535)
    """The DNS server's port on loopback, UDP and TCP; the next free one where it is taken."""
    time_scale: float = Field(default=10.0, gt=0)
    """AWS's waits are divided by this."""
    renew_certificates_at: float = Field(default=0.77, ge=0.00001, lt=1)
    """A certificate is renewed when this share of its 198 days is over: 45 days before its end, as ACM
    does it. Certificates live in real time, so a rehearsal takes a small share, of minutes at least."""
    enforce_iam: bool = False
    """Judge every call to the API by IAM's policies, but for those of the account's root."""
    ephemeral: bool = False
    """Databases do not wait for the disk: what was committed may be lost when the machine stops."""
    allow_users: Literal["owner", "any"] = "owner"
    """Which users of this machine may use the API on loopback: the region's owner and root, or any."""
    log_bytes: int = Field(default=1_000_000_000, ge=1_000_000)
    """On the disk for the events of all log groups; where there are more, the oldest go."""
    metric_bytes: int = Field(default=100_000_000, ge=1_000_000)
    """On the disk for the values of all metrics; where there are more, the oldest go."""
    object_bytes: int = Field(default=10_000_000_000, ge=1_000_000)
    """On the disk for the objects of all buckets; where there would be more, they are refused."""
    root_access_keys: tuple[str, ...] = ()
    """More access keys of the account's root where IAM is enforced, each its own secret. They are no
    secret: everybody who may use the API and knows one is root."""
    container_engine: Literal["auto", "podman", "docker", "none"] = "auto"
    """Where images without an [images] entry are looked for; auto: podman if it is there, else docker."""
    pull_images: bool = False
    """Let that engine pull what it does not have."""
    client_address: IPv4Address = IPv4Address("203.0.113.10")
    """The public address that clients on the host stand for."""


class ImageConfig(_Section):
    """`[images."NAME:TAG"]`: an image, in an image's own words, made of a folder of this machine."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: Path | None = None
    environment: dict[str, str] = {}
    user: str = ""
    read: tuple[Path, ...] = ()
    """Files and folders of this machine that its tasks see besides what they need to run."""
    write: tuple[Path, ...] = ()
    """The same, which they may write."""
    driver: Literal["process", "container"] = "process"
    """container: the image of that name that the container engine has; the other keys say nothing then."""

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
    """A task gets no more processor time than its cpu says."""
    memory_limits: Literal["auto", "sampling"] = "auto"
    """auto: by cgroup where one can be made, else by sampling."""


class Config(_Section):
    """The whole file. `folder` is where the file stands; relative paths in it start there."""

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
        """These settings, with what was asked for on the command line, which only adds."""
        wanted = {"enforce_iam": enforce_iam, "ephemeral": ephemeral}
        added = {name: True for name, one in wanted.items() if one}
        return self.model_copy(update={"region": self.region.model_copy(update=added)})

    def image(self, reference: str) -> ImageConfig | None:
        """The entry for an image reference: the exact name first, then the first pattern that fits."""
        name = self.entry(reference)
        return None if name is None else self.images[name]

    def entry(self, reference: str) -> str | None:
        """The name of that entry."""
        if reference in self.images:
            return reference
        return next((one for one in self.images if fnmatchcase(reference, one)), None)


def load(folder: Path, file: Path | None = None) -> Config:
    """Read `drydock.toml` in `folder`, or `file`. Without a file at the usual place: the defaults.

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
            return ""  # as an empty one: its entry is left out
        if name not in os.environ:
            raise ConfigError(
                f"{path}: {'.'.join(where)}",
                f"the environment variable {name} is not set",
                f"set {name}, or write its value into the file",
            )
        return os.environ[name]

    return _VARIABLE.sub(replace, value)


def _make_absolute(image: dict[str, Any], base: Path) -> None:
    """A program or folder given with a slash is relative to the file; a bare name is left to PATH."""
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
