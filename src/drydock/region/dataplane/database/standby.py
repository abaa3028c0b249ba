"""A server that follows another: a copy of its files, then its WAL as it is written.

Both are on this machine, so they communicate over a socket in the file system, independent of
addresses, routes and security groups, as Aurora's storage is.
"""

from __future__ import annotations

import os
from pathlib import Path

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database import program
from drydock.region.dataplane.database.folder import (
    ServerFolder,
    remove_tree,
    sync_folder,
    write_private,
)
from drydock.region.dataplane.database.settings import ADMIN
from drydock.region.dataplane.database.spec import Upstream
from drydock.region.dataplane.database.versions import Installation
from drydock.region.dataplane.processes.client import Spawner

_TIMEOUT = 600.0
_SIGNAL = "standby.signal"
_PASSFILE = "upstream.pgpass"


def conninfo(folder: ServerFolder, cwd: Path, upstream: Upstream) -> str:
    """Return the connection string, for libpq, from a process of `folder` in `cwd` to `upstream`.

    The socket's path goes by the process's own working folder: it has to be absolute and shorter
    than 108 bytes (unix(7)), and the user's folder may be at any depth.
    """
    here = cwd.resolve()
    socket = os.path.relpath(ServerFolder(upstream.folder).socket.resolve(), here)
    words = {
        "host": f"/proc/self/cwd/{socket}",
        "port": str(upstream.port),
        "user": ADMIN,
        "passfile": os.path.relpath(folder.path.resolve() / _PASSFILE, here),
        "application_name": folder.name,
        "sslmode": "disable",
        "gssencmode": "disable",
        "connect_timeout": "5",
    }
    return " ".join(f"{key}={value}" for key, value in words.items())


def write_password(folder: ServerFolder, upstream: Upstream) -> None:
    """Store the upstream server's password, which is also its copy's. Raises DatabaseFailed."""
    password = ServerFolder(upstream.folder).password()
    write_private(folder.password_file, password + "\n")
    write_private(folder.path / _PASSFILE, f"*:*:*:{ADMIN}:{password}\n")


def copy_data(
    spawner: Spawner,
    folder: ServerFolder,
    installation: Installation,
    upstream: Upstream,
) -> None:
    """Copy the files of a running server: completely, or not at all.

    The caller holds the folder's lock. Raises DatabaseFailed with pg_basebackup's own message.
    """
    write_password(folder, upstream)
    new = folder.data.with_name("data.new")
    if new.exists():
        remove_tree(new)
    argv = [
        installation.program("pg_basebackup"),
        f"--pgdata={new}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--no-password",
        f"--dbname={conninfo(folder, folder.path, upstream)}",
    ]
    code, printed = program.run(spawner, argv, _TIMEOUT, str(folder.path))
    if code != 0:
        remove_tree(new)
        how = f"ended with {code}" if code is not None else f"did not end in {_TIMEOUT:.0f} s"
        words = " ".join(printed.split())
        raise DatabaseFailed(f"copying to {folder.name}", f"pg_basebackup {how}: {words}")
    (new / _SIGNAL).touch(0o600)
    new.rename(folder.data)
    sync_folder(folder.path)
