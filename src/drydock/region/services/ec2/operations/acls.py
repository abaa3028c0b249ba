"""Network ACLs: entries for ICMP keep their type and code, which moto 5.2.5 forgets.

Without them, an entry for echo requests alone would let all of ICMP pass.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.network_acls import NetworkACLs


class AclResponses(NetworkACLs):
    """The network ACLs' part of our EC2 operations."""

    def create_network_acl_entry(self) -> ActionResult:
        answer = super().create_network_acl_entry()
        self._keep_icmp()
        return answer

    def replace_network_acl_entry(self) -> ActionResult:
        answer = super().replace_network_acl_entry()
        self._keep_icmp()
        return answer

    def _keep_icmp(self) -> None:
        number, egress = self._get_param("RuleNumber"), self._get_param("Egress")
        backend: Any = self.ec2_backend
        for entry in backend.get_network_acl(self._get_param("NetworkAclId")).entries:
            if (entry.rule_number, entry.egress) == (number, egress):
                entry.icmp_type = self._get_param("IcmpTypeCode.Type")
                entry.icmp_code = self._get_param("IcmpTypeCode.Code")
