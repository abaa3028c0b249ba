"""Make, write and read private keys."""

from __future__ import annotations

from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

Kind = Literal["rsa-2048", "p-256", "p-384"]
"""The type of a key: RSA of 2048 bits, or one of NIST's curves."""
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def make(kind: Kind) -> Key:
    """Return a new key. An RSA key takes a tenth of a second or more."""
    if kind == "rsa-2048":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1() if kind == "p-256" else ec.SECP384R1())


def to_pem(key: Key) -> bytes:
    """Return a key as PKCS #8, not encrypted: for files and memory that are private already."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def from_pem(data: bytes) -> Key:
    """Parse a key. Raises ValueError: not a plain RSA or elliptic key in PEM."""
    key = serialization.load_pem_private_key(data, None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("the key is neither RSA nor on an elliptic curve")  # noqa: TRY004
    return key
