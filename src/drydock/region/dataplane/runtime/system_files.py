"""What of this machine is the system's: its programs and libraries, and what of /etc these need."""

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
"""What programs and libraries read there, none of it secret: host keys, passwords and the settings of
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
"""Folders of everyone's, which no program has as its own."""
SHARED = WIDE | {"/media", "/mnt", "/opt", "/srv"}
"""The same of a program that is directly in one."""


def settings() -> tuple[str, ...]:
    """What of /etc is shown."""
    return _settings(os.stat("/etc").st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _settings(_changed: int) -> tuple[str, ...]:
    """A file that others may not read is left out."""
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
    """The folders of people on this machine, and of the user who runs the region."""
    found = {os.path.expanduser("~"), "/root"}
    for line in Path("/etc/passwd").read_text(errors="replace").splitlines():
        fields = line.split(":")
        if len(fields) > 5 and fields[2].isdecimal() and 1000 <= int(fields[2]) < 60000:
            found.add(fields[5])
    return sorted({os.path.realpath(one) for one in found if one not in ("", "/")})
