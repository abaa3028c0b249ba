"""Check a stored SCRAM-SHA-256 verifier against a password (RFC 5803, RFC 7677). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")


def matches(verifier: str, password: str) -> bool:
    """Return whether they match; False also if undecidable: not SCRAM, or a password that SASLprep
    changes.
    """
    parts = _VERIFIER.fullmatch(verifier)
    if parts is None or not password.isascii():
        return False
    try:
        salt, stored = base64.b64decode(parts[2]), base64.b64decode(parts[3])
    except binascii.Error:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, int(parts[1]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored)
