"""EFS: mount targets have real addresses and their own interfaces.

moto 5.2.5 takes a mount target's address even when it is in use, lets any client delete its
interface, and gives it no security group where none is named. It lacks PutBackupPolicy and
UpdateFileSystem.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.efs.models import EFSBackend as TheirBackend
from moto.efs.models import MountTarget, efs_backends
from moto.efs.responses import TYPE_RESPONSE, EFSResponse

from drydock.region.api import changes

if TYPE_CHECKING:
    from drydock.region.services.ec2 import Ec2Backend


class EfsBackend(TheirBackend):
    """The EFS backend of the API. The data plane has the files."""

    @property
    def _ec2(self) -> Ec2Backend:
        backend: Any = self.ec2_backend
        return backend  # type: ignore[no-any-return]

    def create_mount_target(
        self,
        file_system_id: str,
        subnet_id: str,
        ip_address: str | None = None,
        security_groups: list[str] | None = None,
    ) -> MountTarget:
        """CreateMountTarget, with an interface in use; by default with its VPC's default security
        group.
        """
        ec2 = self._ec2
        known = [place[subnet_id] for place in ec2.subnets.values() if subnet_id in place]
        if known and file_system_id in self.file_systems_by_id:
            (subnet,) = known
            if ip_address is None:
                ip_address = ec2.free_address(subnet)
            else:
                ec2.check_address(subnet_id, ip_address)
            default = ec2.get_default_security_group(subnet.vpc_id)
            if not security_groups and default is not None:
                security_groups = [default.id]
        made = super().create_mount_target(file_system_id, subnet_id, ip_address, security_groups)
        eni = ec2.enis[str(made.network_interface_id)]
        words = f"EFS mount target for {file_system_id} ({made.mount_target_id})"
        ec2.manage(eni, "efs", words)
        changes.touch("ec2")
        return made

    def delete_mount_target(self, mount_target_id: str) -> None:
        """DeleteMountTarget, with its interface."""
        target = self.mount_targets_by_id.get(mount_target_id)
        if target is None:
            return super().delete_mount_target(mount_target_id)  # which says so
        self._ec2.delete_managed_eni(str(target.network_interface_id))
        del self.mount_targets_by_id[mount_target_id]
        target.clean_up()
        return None


class Responses(EFSResponse):
    """Further operations, https://docs.aws.amazon.com/efs/latest/ug/API_PutBackupPolicy.html,
    API_UpdateFileSystem.html
    """

    @property
    def _ours(self) -> EfsBackend:
        backend: Any = efs_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def put_backup_policy(self) -> TYPE_RESPONSE:
        policy = self._get_param("BackupPolicy")
        self._system()._backup_wanted = policy["Status"]
        return _answer({"BackupPolicy": policy})

    def describe_backup_policy(self) -> TYPE_RESPONSE:
        if wanted := getattr(self._system(), "_backup_wanted", None):
            return _answer({"BackupPolicy": {"Status": wanted}})
        return super().describe_backup_policy()

    def update_file_system(self) -> TYPE_RESPONSE:
        system = self._system()
        system.throughput_mode = self._get_param("ThroughputMode") or system.throughput_mode
        given = self._get_param("ProvisionedThroughputInMibps")
        provisioned = system.throughput_mode == "provisioned"
        system.provisioned_throughput_in_mibps = (
            (given or system.provisioned_throughput_in_mibps) if provisioned else None
        )
        return json.dumps(system.info_json()), {"status": 202, "Content-Type": "application/json"}

    def _system(self) -> Any:
        _, (found,) = self._ours.describe_file_systems(
            file_system_id=self._get_param("FileSystemId")
        )
        return found


def _answer(found: dict[str, Any]) -> TYPE_RESPONSE:
    return json.dumps(found), {"Content-Type": "application/json"}
