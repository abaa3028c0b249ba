"""The system's part of this machine: programs and libraries, and the files of /etc that these need."""

from __future__ import annotations

import functools
import glob
import os
from pathlib import Path

PROGRAMS = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/nix/store", "/run/current-system", "/gnu/store"),
)
_ETC = (
    *(
        "alternatives",
        "ca-certificates",
        "ca-certificates.conf",
        "crypto-policies",
        "debian_version",
    ),
    *("fonts", "gai.conf", "host.conf", "hostname", "hosts", "inputrc", "java*", "ld.so.cache"),
    *(
        "ld.so.conf",
        "ld.so.conf.d",
        "locale.alias",
        "locale.conf",
        "localtime",
        "magic",
        "magic.mime",
    ),
    *(
        "mime.types",
        "networks",
        "nsswitch.conf",
        "os-release",
        "perl",
        "php",
        "protocols",
        "python3*",
    ),
    *("pki/ca-trust/extracted", "pki/ca-trust/source", "pki/tls/cert.pem", "pki/tls/certs"),
    *("pki/tls/openssl.cnf", "redhat-release", "rpc", "ruby", "services", "shells", "ssl/cert.pem"),
    *("ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone"),
)
"""Files that programs and libraries read there, none of them secret: host keys, passwords and the settings of
servers are left out. Names may be patterns."""
WIDE = frozenset(
    [
        *(
            "/",
            "/boot",
            "/dev",
            "/etc",
            "/home",
            "/lost+found",
            "/proc",
            "/root",
            "/run",
            "/run/user",
        ),
        *("/sys", "/tmp", "/var", "/var/cache", "/var/lib", "/var/log", "/var/tmp"),  # noqa: S108
    ]
)
"""Shared folders, which belong to no single program."""
SHARED = WIDE | {"/media", "/mnt", "/opt", "/srv"}
"""Shared folders, for a program that is directly in one."""


def settings() -> tuple[str, ...]:
    """Return the files of /etc that tasks see."""
    return _settings(os.stat("/etc").st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _settings(_changed: int) -> tuple[str, ...]:
    """Return them, without files that others may not read."""
    found = []
    for name in _ETC:
        for path in sorted(glob.glob(f"/etc/{name}")):
            try:
                if os.stat(path).st_mode & 0o004:
                    found.append(path)
            except OSError:
                continue
    return tuple(found)


def homes() -> list[str]:
    """Return the home folders of this machine's users, and of the user who runs the region."""
    found = {os.path.expanduser("~"), "/root"}
    for line in Path("/etc/passwd").read_text(errors="replace").splitlines():
        fields = line.split(":")
        if len(fields) > 5 and fields[2].isdecimal() and 1000 <= int(fields[2]) < 60000:
            found.add(fields[5])
    return sorted({os.path.realpath(one) for one in found if one not in ("", "/")})
