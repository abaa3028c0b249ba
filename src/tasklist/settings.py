"""Settings: `conf.toml` in the working folder, overridden by VTT_ variables.

Keys, variables and defaults are those of the Servian TechChallengeApp; `DbSslMode`,
`DbSslRootCert` and `Workers` are ours. An empty value counts as not given, as it does there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasklist.errors import SettingsError

FILE_NAME = "conf.toml"
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
DB_TYPES = ("postgres", "postgresql")

DEFAULTS = {
    "DbUser": "postgres",
    "DbPassword": "",
    "DbName": "app",
    "DbHost": "localhost",
    "DbPort": "5432",
    "DbType": "postgres",
    "DbSslMode": "prefer",
    "DbSslRootCert": "",
    "ListenHost": "localhost",
    "ListenPort": "3000",
    "Workers": "1",
}
MAX_WORKERS = 64


@dataclass(frozen=True)
class Settings:
    """All settings of the application. Its repr has no password."""

    db_user: str = "postgres"
    db_password: str = field(default="", repr=False)
    db_name: str = "app"
    db_host: str = "localhost"
    db_port: int = 5432
    db_type: str = "postgres"
    db_sslmode: str = "prefer"
    db_sslrootcert: str = ""
    listen_host: str = "localhost"
    listen_port: int = 3000
    workers: int = 1


def load_settings(folder: Path, environment: Mapping[str, str]) -> Settings:
    """Read `conf.toml` in `folder`, if there is one, and the VTT_ variables.

    Raises SettingsError, naming the key or variable that is wrong but never a password.
    """
    values, sources = dict(DEFAULTS), dict.fromkeys(DEFAULTS, "the default")
    for key, value in _read_file(folder / FILE_NAME).items():
        values[key], sources[key] = value, f"{key} in {FILE_NAME}"
    for key in DEFAULTS:
        variable = f"VTT_{key.upper()}"
        if value := environment.get(variable, "").strip():
            values[key], sources[key] = value, variable
    return Settings(
        db_user=values["DbUser"],
        db_password=values["DbPassword"],
        db_name=values["DbName"],
        db_host=values["DbHost"],
        db_port=_port(values["DbPort"], sources["DbPort"], lowest=1),
        db_type=_one_of(values["DbType"], DB_TYPES, sources["DbType"]),
        db_sslmode=_one_of(values["DbSslMode"], SSL_MODES, sources["DbSslMode"]),
        db_sslrootcert=_file(values["DbSslRootCert"], sources["DbSslRootCert"]),
        listen_host=values["ListenHost"],
        listen_port=_port(values["ListenPort"], sources["ListenPort"], lowest=0),
        workers=_workers(values["Workers"], sources["Workers"]),
    )


def _read_file(path: Path) -> dict[str, str]:
    """Return the file's known keys that have a value; keys may be in any case."""
    import tomllib  # noqa: PLC0415 - most deployments have no file

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path.name} cannot be read: {reason}.") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # only the place: the text around it may be the password
        place = str(error).rpartition("(")[2].rstrip(")")
        raise SettingsError(f"{path.name} is not valid TOML ({place}).") from None
    known = {key.lower(): key for key in DEFAULTS}
    found: dict[str, str] = {}
    for name, value in table.items():
        key = known.get(name.lower())
        if key is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise SettingsError(f"{key} in {path.name} must be a text in quotes or a whole number.")
        if text_value := str(value).strip():
            found[key] = text_value
    return found


def _port(value: str, source: str, lowest: int) -> int:
    # isdecimal alone would let other scripts' digits through
    if value.isascii() and value.isdecimal() and lowest <= int(value) <= 65535:
        return int(value)
    raise SettingsError(
        f"{source} is {value!r}, but a port is a whole number from {lowest} to 65535."
    )


def _workers(value: str, source: str) -> int:
    if value.isascii() and value.isdecimal() and 1 <= int(value) <= MAX_WORKERS:
        return int(value)
    raise SettingsError(
        f"{source} is {value!r}, but workers are a whole number from 1 to {MAX_WORKERS}."
    )


def _one_of(value: str, allowed: tuple[str, ...], source: str) -> str:
    if value.lower() in allowed:
        return value.lower()
    raise SettingsError(f"{source} is {value!r}, but it must be one of {', '.join(allowed)}.")


def _file(value: str, source: str) -> str:
    if value and not Path(value).is_file():
        raise SettingsError(f"{source} is {value!r}, but there is no such file.")
    return value
