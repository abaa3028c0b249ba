"""The settings of a server, and the results of asking it. Plain data."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.folder import ServerFolder
from drydock.region.dataplane.database.versions import Installation, choose, exactly


class StopMode(Enum):
    """PostgreSQL's shutdown modes, by the signal that requests them."""

    SMART = signal.SIGTERM
    """Once the last client has left."""
    FAST = signal.SIGINT
    """Clients are disconnected, what they had not committed is rolled back, a checkpoint is made."""
    IMMEDIATE = signal.SIGQUIT
    """At once; the next start recovers."""


@dataclass(frozen=True)
class Upstream:
    """A server that another one follows."""

    folder: Path
    port: int = 5432


@dataclass(frozen=True)
class Tls:
    """A server's certificate and key, in PEM."""

    certificate: str
    """The certificate with its chain."""
    key: str = field(repr=False)


@dataclass(frozen=True)
class ServerSpec:
    """A server's settings: where its files are and where it listens."""

    folder: Path
    """Its private folder, absolute; its last part is the server's name."""
    installation: Installation
    hostaddr: str
    """The address at which the daemon connects to it."""
    port: int = 5432
    listen: str = "*"
    """`listen_addresses`: by default every address of its namespace."""
    netns: int | None = None
    """Descriptor of its network namespace; the caller's, open for as long as the server is used."""
    upstream: Upstream | None = None
    """The server that it follows as a hot standby; None: it is written to itself."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Settings over our defaults, by PostgreSQL's names and in its units."""
    tls: Tls | None = None
    """None for a server without TLS."""
    force_tls: bool = False
    archives: bool = False
    """Whether it keeps its WAL, for restores to a point in time."""
    ephemeral: bool = False
    """It does not wait for the disk: what was committed may be lost when the machine stops."""


@dataclass(frozen=True)
class ServerExit:
    """The end of a server's process."""

    name: str
    exit_code: int
    """128 + N if signal N ended it."""
    asked: bool
    """Whether `stop` asked for it."""


@dataclass(frozen=True)
class Probe:
    """The result of asking a server."""

    answered: bool
    """It answered a query."""
    in_recovery: bool = False
    """It follows another server: it can be read only."""
    note: str = ""
    """Where it differs from RDS: a sentence for the user."""
    reason: str = ""
    """Why it did not answer."""


def installation_for(folder: Path, major: int) -> Installation:
    """Return the installation for a server of PostgreSQL `major`: the one whose major made its
    data.

    Without data yet, the result of `versions.choose`. Raises DatabaseFailed: the data needs a major
    that is not on this machine any more. Raises ProgramMissing: no data, and no PostgreSQL at all.
    """
    have = ServerFolder(folder).major
    if have is None:
        return choose(major)
    found = exactly(have)
    if found is None:
        raise DatabaseFailed(
            f"the data of {folder.name}",
            f"PostgreSQL {have} made them, and it is not on this machine",
            f"install PostgreSQL {have} again",
        )
    if have == major:
        return found
    note = f"PostgreSQL {have} made the data of {folder.name}, and stands for {major}"
    return replace(found, note=note)
