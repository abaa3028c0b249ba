"""Access keys of the local region's root: the well-known one, and random ones."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

from drydock.paths import OF_A_FOLDER

_SECRET_LENGTH = 40


@dataclass(frozen=True)
class AccessKey:
    """An access key with its secret, as AWS has them."""

    id: str
    secret: str = field(repr=False)


OPEN = AccessKey("drydock", "drydock")
"""Key for a region that does not enforce IAM, which accepts any signature. It is no secret."""


def new(identity: str) -> AccessKey:
    """Return a key with this id and a random secret."""
    signs = string.ascii_letters + string.digits
    return AccessKey(identity, "".join(secrets.choice(signs) for _ in range(_SECRET_LENGTH)))


def is_local(identity: str) -> bool:
    """Return whether an access key's id belongs to a local region's root."""
    return identity == OPEN.id or identity.startswith(OF_A_FOLDER)
