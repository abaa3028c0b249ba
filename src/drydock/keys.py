"""Access keys of the local region's root: the known one, and one that is random."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

from drydock.paths import OF_A_FOLDER

_SECRET_LENGTH = 40


@dataclass(frozen=True)
class AccessKey:
    """An access key of AWS's form."""

    id: str
    secret: str = field(repr=False)


OPEN = AccessKey("drydock", "drydock")
"""Of a region that does not enforce IAM: it asks for a signature, but not for whose. No secret."""


def new(identity: str) -> AccessKey:
    """A key with this id and a random secret."""
    signs = string.ascii_letters + string.digits
    return AccessKey(identity, "".join(secrets.choice(signs) for _ in range(_SECRET_LENGTH)))


def is_local(identity: str) -> bool:
    """Whether an access key's id is one of a local region's root."""
    return identity == OPEN.id or identity.startswith(OF_A_FOLDER)
