"""The authority of one region: made once, kept in a private folder, and used to issue certificates.

A root signs two intermediates, one with an RSA key and one on an elliptic curve, so that a server's
certificate is signed by its own kind of key, as AWS Certificate Manager demands of what is
imported.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from drydock.errors import AuthorityUnreadable
from drydock.paths import AUTHORITY_CERTIFICATE
from drydock.region.dataplane.certificates import issuing, keys
from drydock.region.dataplane.certificates.issuing import Issued, Signer
from drydock.region.dataplane.certificates.keys import Kind

LIFETIME = timedelta(days=3650)
"""Validity of the root and the intermediates."""
_ROOT, _RSA, _CURVE = "root", "rsa", "curve"
_INTERMEDIATES: dict[str, Kind] = {_RSA: "rsa-2048", _CURVE: "p-256"}


class Authority:
    """Issues servers' certificates. Thread-safe."""

    def __init__(self, signers: Mapping[str, Signer]) -> None:
        self._root = signers[_ROOT]
        self._rsa = signers[_RSA]
        self._curve = signers[_CURVE]

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Return the authority kept in `folder`; made there when there is none.

        Raises AuthorityUnreadable: damaged, not private, or expired. OSError: it cannot be stored.
        """
        if not folder.exists():
            _make(folder, datetime.now(UTC))
        return cls(_load(folder, datetime.now(UTC)))

    @property
    def root(self) -> bytes:
        """The certificate that clients have to trust, in PEM."""
        return issuing.to_pem(self._root.certificate)

    def issue(
        self, names: Sequence[str], kind: Kind, validity: timedelta, now: datetime | None = None
    ) -> Issued:
        """Issue a certificate with a new key for DNS names and IP addresses.

        Raises ValueError: no names.
        """
        signer = self._rsa if kind == "rsa-2048" else self._curve
        now = now or datetime.now(UTC)
        return issuing.server(names, kind, signer, self._root.certificate, now, validity)


def _make(folder: Path, now: datetime) -> None:
    """Make an authority, completely or not at all: in a private folder (mkdtemp) that is then
    renamed.
    """
    number = token_hex(4)  # browsers list authorities by name, and there may be several regions'
    root = issuing.self_signed_root(f"Drydock local region {number}", now, LIFETIME)
    signers = {_ROOT: root}
    for name, kind in _INTERMEDIATES.items():
        label = f"Drydock {name} {number}"
        signers[name] = issuing.intermediate(label, kind, root, now, LIFETIME)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, signer in signers.items():
            _write(temporary / _certificate_file(name), issuing.to_pem(signer.certificate))
            _write(temporary / _key_file(name), keys.to_pem(signer.key))
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _load(folder: Path, now: datetime) -> dict[str, Signer]:
    try:
        signers = {name: _read(folder, name) for name in (_ROOT, _RSA, _CURVE)}
    except (OSError, ValueError) as error:
        raise _unreadable(folder, str(error)) from error
    root = signers[_ROOT].certificate
    for name, signer in signers.items():
        if signer.key.public_key() != signer.certificate.public_key():
            words = f"the key {_key_file(name)} is not that of {_certificate_file(name)}"
            raise _unreadable(folder, words)
        if signer.certificate.not_valid_after_utc <= now:
            raise _unreadable(folder, "it has expired")
        try:
            signer.certificate.verify_directly_issued_by(root)
        except (ValueError, TypeError, InvalidSignature) as error:
            words = f"{_certificate_file(name)} is not signed by {AUTHORITY_CERTIFICATE}"
            raise _unreadable(folder, words) from error
    return signers


def _read(folder: Path, name: str) -> Signer:
    """Load one certificate and its key. Raises OSError, ValueError."""
    file = folder / _key_file(name)
    mode = file.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"others may read {file.name}")
    public = folder / _certificate_file(name)
    try:
        certificate = x509.load_pem_x509_certificate(public.read_bytes())
    except ValueError as error:
        raise ValueError(f"{public.name} is no certificate") from error
    try:
        return Signer(certificate, keys.from_pem(file.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file.name} is no private key") from error


def _certificate_file(name: str) -> str:
    return AUTHORITY_CERTIFICATE if name == _ROOT else f"{name}.pem"


def _key_file(name: str) -> str:
    return f"{name}.key"


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _unreadable(folder: Path, cause: str) -> AuthorityUnreadable:
    return AuthorityUnreadable(
        f"the region's certificate authority {folder} cannot be used",
        cause,
        "put the file back, or delete the folder: the next start makes another one, which clients have to trust anew",
    )
