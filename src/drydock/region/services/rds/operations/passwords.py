"""Master passwords: RDS's managed secrets, and their rotation.

A rotation makes a pending version; it becomes current once the controller has set it at the server.
moto 5.2.5: the managed password is a fixed word, and rotating it leaves a version without one.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
"""

from __future__ import annotations

import json
import secrets
import string
import time
from typing import Any

from moto.moto_api._internal import mock_random

from drydock.region.api.changes import touch
from drydock.region.services.rds.operations.events import EventOperations
from drydock.region.services.rds.records import DBCluster, DBInstance, MasterUserSecret
from drydock.region.services.secretsmanager.rotation import DAYS, is_due, set_next

_CHARACTERS = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
_LENGTH = 28
_PENDING, _CURRENT, _PREVIOUS = "AWSPENDING", "AWSCURRENT", "AWSPREVIOUS"


class PasswordOperations(EventOperations):
    """The passwords' part of the RDS backend."""

    def give_managed_password(self, owner: Any) -> None:
        """Put a real, random password into the secret that RDS manages for a new `owner`."""
        secret = owner.master_user_secret
        secret.__class__ = MasterUserSecret
        secret.secret_status = "active"  # noqa: S105  (a status)
        kept = secret.secret
        text = _text(owner)
        kept.versions[kept.default_version_id]["secret_string"] = kept.secret_string = text
        kept.rotation_requested = kept.rotation_enabled = True
        kept.auto_rotate_after_days = DAYS
        kept.next_rotation_date = int(time.time()) + DAYS * 86400
        touch("secretsmanager")

    def rotate_managed_password(self, owner: Any) -> None:
        """Begin a rotation: a new password is pending until the server has it."""
        kept = owner.master_user_secret.secret
        if _pending(kept) is not None:
            return
        version = str(mock_random.uuid4())
        kept.versions[version] = {
            "createdate": int(time.time()),
            "version_id": version,
            "version_stages": [_PENDING],
            "secret_string": _text(owner),
        }
        owner.master_user_secret.secret_status = "rotating"  # noqa: S105  (a status)
        touch("secretsmanager")
        touch("rds")

    def password_set(self, owner: Any, password: str) -> bool:
        """Note that the server has a password; if it was pending it becomes current.

        Return whether it was.
        """
        if not owner.manage_master_user_password:
            return False
        kept = owner.master_user_secret.secret
        version = _pending(kept)
        if version is None or _password(kept.versions[version]) != password:
            return False
        for one in kept.versions.values():
            stages = one["version_stages"]
            one["version_stages"] = [_PREVIOUS] if _CURRENT in stages else []
        for old in [name for name, one in kept.versions.items() if not one["version_stages"]]:
            if old != version:
                del kept.versions[old]
        kept.versions[version]["version_stages"] = [_CURRENT]
        kept.default_version_id = version
        kept.secret_string = kept.versions[version]["secret_string"]
        kept.last_rotation_date = kept.last_changed_date = int(time.time())
        set_next(kept)
        owner.master_user_secret.secret_status = "active"  # noqa: S105  (a status)
        self.record_event(owner, "Reset master credentials", "configuration change")
        touch("secretsmanager")
        return True

    def rotate_due(self, owner: Any, day: float) -> bool:
        """Begin a rotation that is due; `day` in seconds. Return whether one has begun."""
        if not owner.manage_master_user_password:
            return False
        kept = owner.master_user_secret.secret
        if is_due(kept, day) and _pending(kept) is None:
            self.rotate_managed_password(owner)
            return True
        return False

    def owner_of_secret(self, arn: str) -> Any:
        """Return the cluster or instance whose managed password a secret holds; None: there is
        none.
        """
        owners: list[Any] = [*self.clusters.values(), *self.databases.values()]
        for one in owners:
            if one.manage_master_user_password and one.master_user_secret.secret.arn == arn:
                return one
        return None

    def master_password(self, owner: DBCluster | DBInstance) -> str | None:
        """Return the wanted master password, from its secret or as a request gave it."""
        if not owner.manage_master_user_password:
            return owner.wanted_password
        kept: Any = owner.master_user_secret.secret
        return _password(kept.versions[_pending(kept) or str(kept.default_version_id)])


def _text(owner: Any) -> str:
    password = "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))
    return json.dumps({"username": owner.master_username, "password": password})


def _password(version: dict[str, Any]) -> str:
    return str(json.loads(version["secret_string"])["password"])


def _pending(kept: Any) -> str | None:
    """Return the version that the server does not have yet; None: there is none."""
    for name, one in kept.versions.items():
        if _PENDING in one["version_stages"] and _CURRENT not in one["version_stages"]:
            return str(name)
    return None
