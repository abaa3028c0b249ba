"""Paths of Drydock's files: one private folder, `.drydock/`, in the working folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

AUTHORITY_CERTIFICATE = "root.pem"
"""A file in `Workspace.authority`."""
OF_A_FOLDER = "drydock_"
"""Prefix of an access key that names a working folder; AWS never issues such a key."""


@dataclass(frozen=True)
class Workspace:
    """The `.drydock/` folder of one working folder. Only `create` makes folders; the rest are paths."""

    root: Path
    """The working folder, absolute."""

    @classmethod
    def here(cls) -> Workspace:
        return cls(Path.cwd())

    @property
    def folder(self) -> Path:
        return self.root / ".drydock"

    @property
    def access_key(self) -> str:
        """The access key that `drydock env` exports. It names the folder, so that another folder's region
        refuses a shell that was set up for this one's.
        """
        name = hashlib.sha256(os.fsencode(os.path.realpath(self.root))).hexdigest()
        return f"{OF_A_FOLDER}{name[:16]}"

    @property
    def region(self) -> Path:
        """Folder of the local region's files: lock, logs, saved API, databases."""
        return self.folder / "region"

    @property
    def lock(self) -> Path:
        """Lock file (flock) that the porter holds for as long as the region runs."""
        return self.region / "lock"

    @property
    def record(self) -> Path:
        """`region.json`: endpoint and pids of the running region."""
        return self.region / "region.json"

    @property
    def config(self) -> Path:
        """The settings that the region was started with, variables filled in."""
        return self.region / "config.json"

    @property
    def groups(self) -> Path:
        """List of the control groups that the region created, a path a line; it exists while they do."""
        return self.region / "cgroups"

    @property
    def log(self) -> Path:
        return self.region / "region.log"

    @property
    def state(self) -> Path:
        """The saved control plane, a SQLite database."""
        return self.region / "state.db"

    @property
    def old_state(self) -> Path:
        """The control plane as saved by versions before the SQLite database; it is imported once."""
        return self.region / "state.pickle"

    @property
    def root_key(self) -> Path:
        """The access key of the account's root, where IAM is enforced."""
        return self.region / "root-key.json"

    @property
    def databases(self) -> Path:
        return self.region / "databases"

    @property
    def private(self) -> Path:
        """Mount point of the running region's private files, in its own mount namespace; empty outside."""
        return self.region / "private"

    @property
    def authority(self) -> Path:
        """The region's certificate authority: certificates and their keys."""
        return self.region / "authority"

    @property
    def authority_certificate(self) -> Path:
        """The certificate that clients of the region have to trust."""
        return self.authority / AUTHORITY_CERTIFICATE

    @property
    def errors(self) -> Path:
        """Tracebacks of unexpected errors, one file each."""
        return self.folder / "errors"

    @property
    def terraform(self) -> Path:
        """CLI configuration, TF_DATA_DIR per target, records of plans."""
        return self.folder / "terraform"

    def create(self) -> None:
        """Create the folders, readable only by the user."""
        for folder in (self.folder, self.region, self.databases, self.errors, self.terraform):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically with one that only the user can read. Raises OSError."""
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, data: bytes) -> None:
    """Replace a file atomically with private binary data. Raises OSError; the old file is intact then."""
    # a unique name, since two processes may write the same file at once; mkstemp makes it private
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def full(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, is a full disk or quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def remove_tree(folder: Path) -> list[str]:
    """Remove a folder with its contents, also write-protected folders; return what could not be removed."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return []
    left: list[str] = []
    folder.chmod(0o700)
    for place, names, _ in os.walk(folder):
        for one in [Path(place, name) for name in names]:
            with contextlib.suppress(OSError):  # another user's folder: it is reported as left
                if not one.is_symlink():
                    one.chmod(0o700)
    shutil.rmtree(folder, onerror=lambda _call, path, _error: left.append(path))
    return left
