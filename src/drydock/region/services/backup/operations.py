"""AWS Backup: plans and their selections, stored but never executed.

moto 5.2.5 lacks selections and ListRecoveryPointsByBackupVault, and misreads the ARN in ListTags
without a slash at its end. No backups are made here, so vaults are empty.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import BackupBackend as TheirBackend
from moto.backup.models import backup_backends
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

Json = dict[str, Any]
POINTS = r"{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$"


class BackupBackend(TheirBackend):
    """Vaults and plans; `selections` (plan's id => selection's id => selection) are ours."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.selections: dict[str, dict[str, Json]] = {}

    def of_plan(self, plan: str) -> dict[str, Json]:
        """Return the selections of a plan. Raises ResourceNotFoundException: there is no such plan."""
        self.get_backup_plan(plan, None)
        return self.selections.setdefault(plan, {})

    def selection(self, plan: str, key: str) -> Json:
        """Return a selection. Raises ResourceNotFoundException."""
        found = self.of_plan(plan).get(key)
        if found is None:
            raise ResourceNotFoundException(f"Cannot find Backup selection with ID {key}")
        return found


class Responses(BackupResponse):
    """The operations on selections,
    https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html
    """

    @property
    def ours(self) -> BackupBackend:
        backend: Any = backup_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def create_backup_selection(self) -> str:
        plan, _ = self._ids()
        params = json.loads(self.body)
        key = str(mock_random.uuid4())
        made = {
            "BackupPlanId": plan,
            "SelectionId": key,
            "CreationDate": unix_time(),
            "CreatorRequestId": params.get("CreatorRequestId"),
            "BackupSelection": params["BackupSelection"],
        }
        self.ours.of_plan(plan)[key] = made
        return json.dumps({name: made[name] for name in _IDS})

    def get_backup_selection(self) -> str:
        return json.dumps(self.ours.selection(*self._ids()))

    def delete_backup_selection(self) -> str:
        plan, key = self._ids()
        self.ours.selection(plan, key)
        del self.ours.of_plan(plan)[key]
        return ""

    def list_backup_selections(self) -> str:
        plan, _ = self._ids()
        found = [
            {
                **{name: one[name] for name in _IDS},
                "SelectionName": one["BackupSelection"]["SelectionName"],
                "IamRoleArn": one["BackupSelection"]["IamRoleArn"],
            }
            for one in self.ours.of_plan(plan).values()
        ]
        return json.dumps({"BackupSelectionsList": found})

    def list_recovery_points_by_backup_vault(self) -> str:
        self.ours.describe_backup_vault(unquote(self.path.split("/")[2]))
        return json.dumps({"RecoveryPoints": []})

    def list_tags(self) -> str:
        arn = unquote(self.path.strip("/").partition("/")[2])
        return json.dumps({"Tags": self.ours.list_tags(arn)})

    def _ids(self) -> tuple[str, str]:
        """Return the plan and the selection of a path /backup/plans/PLAN/selections/SELECTION."""
        parts = self.path.strip("/").split("/")
        return parts[2], parts[4] if len(parts) > 4 else ""


_IDS = ("BackupPlanId", "SelectionId", "CreationDate")
