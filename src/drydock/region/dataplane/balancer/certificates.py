"""A listener's certificates: their files, and their replacement while HAProxy runs.

HAProxy: its management guide, `set ssl cert`, `commit ssl cert`, `add ssl crt-list`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from drydock.paths import write_private
from drydock.region.dataplane.balancer.runtime import Runtime
from drydock.region.dataplane.balancer.spec import Certificate, Listener

_DEFAULT = "default.pem"
"""The certificate for clients that name no host, or one without a certificate. It comes first."""
_LIST = "list"
_NAMES = "names"
_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def list_file(listener: str) -> str:
    """Return the list of a listener's certificates, relative to the process's working folder."""
    return f"{_folder(listener)}/{_LIST}"


def write(listener: Listener, folder: Path) -> None:
    """Write a listener's certificates and their list below a process's working folder."""
    own = folder / _folder(listener.key)
    own.mkdir(mode=0o700, parents=True)
    contents = named(listener)
    for name, pem in contents.items():
        write_private(folder / name, pem)
    write_private(own / _LIST, "".join(f"{name}\n" for name in contents))
    keys = _keys(listener).items()
    write_private(own / _NAMES, "".join(f"{fingerprint} {key}\n" for fingerprint, key in keys))


def arns_file(listener: str) -> str:
    """Return the file of a listener's certificate ARNs, by the SHA-1 of each, for its logs."""
    return f"{_folder(listener)}/{_NAMES}"


def named(listener: Listener) -> dict[str, str]:
    """Return a listener's certificates by file name, the default one first."""
    folder = _folder(listener.key)
    certificates = listener.tls.certificates if listener.tls else ()
    default = {f"{folder}/{_DEFAULT}": one.pem for one in certificates[:1]}
    return default | {f"{folder}/{_name(one)}": one.pem for one in certificates[1:]}


def change(
    runtime: Runtime,
    before: Sequence[Listener],
    after: Sequence[Listener],
    *,
    logged: bool = False,
) -> None:
    """Replace a process's certificates for new connections; open connections stay.

    `logged`: its logs show which certificate was used. Raises BalancerFailed with HAProxy's
    message, which contains no key.
    """
    earlier = {listener.key: listener for listener in before}
    for listener in after:
        if listener.key in earlier:
            old, new = named(earlier[listener.key]), named(listener)
            for fingerprint, key in _keys(listener).items() if logged else ():
                runtime.send(f"add map {arns_file(listener.key)} {fingerprint} {key}")
            _change(runtime, list_file(listener.key), old, new)


def _change(
    runtime: Runtime, crt_list: str, old: Mapping[str, str], new: Mapping[str, str]
) -> None:
    for name, pem in new.items():
        if old.get(name) == pem:
            continue
        # an earlier attempt may have stopped half way: what it left is no failure
        if name not in old:
            runtime.give(f"new ssl cert {name}", "New empty certificate store", "already exists")
        runtime.give(f"set ssl cert {name}", "Transaction", payload=pem)
        runtime.give(f"commit ssl cert {name}", "Success")
        if name not in old:
            runtime.give(f"add ssl crt-list {crt_list} {name}", "Success", "already exists")
    for name in old.keys() - new.keys():
        runtime.give(f"del ssl crt-list {crt_list} {name}", "deleted", "does not exist")
        runtime.give(f"del ssl cert {name}", "deleted", "doesn't exist")


def _keys(listener: Listener) -> dict[str, str]:
    """Return the keys of a listener's certificates, by the SHA-1 of each as HAProxy writes it."""
    found: dict[str, str] = {}
    for one in listener.tls.certificates if listener.tls else ():
        first = _FIRST.search(one.pem)
        if first is not None:
            content = base64.b64decode(first[1])
            fingerprint = hashlib.sha1(content, usedforsecurity=False).hexdigest().upper()
            found.setdefault(fingerprint, one.key)
    return found


def _folder(listener: str) -> str:
    return hashlib.sha256(listener.encode()).hexdigest()[:12]


def _name(certificate: Certificate) -> str:
    return f"{hashlib.sha256(certificate.key.encode()).hexdigest()[:24]}.pem"
