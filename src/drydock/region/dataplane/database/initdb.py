"""Make the files of a new, empty server: completely, or not at all.

No template is copied: initdb needs 0.3 to 0.5 s (0.8 s for Debian's 15), and copies of one cluster
would share its system identifier, by which PostgreSQL tells one server's WAL from another's.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database import program
from drydock.region.dataplane.database.folder import ServerFolder, remove_tree, sync_folder
from drydock.region.dataplane.database.settings import ADMIN
from drydock.region.dataplane.database.versions import Installation
from drydock.region.dataplane.processes.client import Spawner

RDS_LOCALE = "en_US.UTF-8"
"""The collation of a new RDS server ("Collations supported in RDS for PostgreSQL")."""
_TIMEOUT = 120.0
_LC_ALL_MASK = 0x1FBF


def choose_locale(major: int, has: Callable[[str], bool]) -> tuple[str, ...]:
    """Return initdb's arguments for RDS's locale where the machine has it, else UTF-8 by code
    point.

    `has` returns whether a locale exists.
    """
    if has(RDS_LOCALE):
        return f"--locale={RDS_LOCALE}", "--lc-messages=C"
    if major >= 17:
        return "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"
    name = "C.UTF-8" if has("C.UTF-8") else "C"
    return f"--locale={name}", "--lc-messages=C"


def locale_note(collation: str) -> str:
    """Return a message for the user about a server's collation; empty: as on RDS."""
    if collation.lower().replace("-", "") == RDS_LOCALE.lower().replace("-", ""):
        return ""
    return (
        f"text is ordered by code point, not as on RDS: there was no locale {RDS_LOCALE} when the "
        "database was made"
    )


def has_locale(name: str) -> bool:
    """Return whether the C library has a locale; the process's own is left as it is."""
    libc = ctypes.CDLL(None)
    libc.newlocale.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
    libc.newlocale.restype = ctypes.c_void_p
    libc.freelocale.argtypes = (ctypes.c_void_p,)
    handle = libc.newlocale(_LC_ALL_MASK, name.encode(), None)
    if not handle:
        return False
    libc.freelocale(handle)
    return True


def make_data(
    spawner: Spawner,
    folder: ServerFolder,
    installation: Installation,
    locale: tuple[str, ...],
) -> None:
    """Run initdb beside the final place and rename; remains of an interruption are removed first.

    The caller holds the folder's lock. Raises DatabaseFailed with initdb's own message.
    """
    folder.ensure_password()
    new = folder.data.with_name("data.new")
    if new.exists():
        remove_tree(new)
    make_files(spawner, folder, installation, new, locale)
    new.rename(folder.data)
    sync_folder(folder.path)


def make_files(
    spawner: Spawner,
    folder: ServerFolder,
    installation: Installation,
    new: Path,
    arguments: tuple[str, ...],
) -> None:
    """Run initdb for a missing folder; rdsadmin has the password of `folder`.

    Raises DatabaseFailed with initdb's own message, and leaves nothing.
    """
    argv = [
        installation.program("initdb"),
        f"--pgdata={new}",
        f"--username={ADMIN}",
        f"--pwfile={folder.password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *arguments,
    ]
    if installation.major >= 16:
        # It need not probe how much this machine can bear: half the page faults, a fifth of the time.
        argv += ["--set=shared_buffers=16MB", "--set=max_connections=20"]
    code, printed = program.run(spawner, argv, _TIMEOUT)
    if code != 0:
        remove_tree(new)
        how = f"initdb ended with {code}" if code is not None else f"no end in {_TIMEOUT:.0f} s"
        raise DatabaseFailed(f"making the data of {folder.name}", f"{how}: {_last_words(printed)}")


def _last_words(text: str) -> str:
    """Return initdb's lines about a failure; without one, the last line."""
    lines = [line for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "FATAL" in line]
    return "; ".join(telling[:3] or lines[-1:]) or "it said nothing"
