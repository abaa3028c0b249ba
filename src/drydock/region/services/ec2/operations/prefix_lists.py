"""Managed prefix lists: a change without a name keeps the name.

moto 5.2.5 removes it, and DescribePrefixLists fails from then on.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyManagedPrefixList.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend


class PrefixListOperations(EC2Backend):
    """The managed prefix lists' part of the EC2 backend."""

    def modify_managed_prefix_list(
        self,
        add_entry: list[dict[str, str]],
        remove_entry: list[dict[str, str]],
        prefix_list_id: str | None = None,
        current_version: str | None = None,
        prefix_list_name: str | None = None,
    ) -> Any:
        name = prefix_list_name or self._prefix_list(prefix_list_id).prefix_list_name
        return super().modify_managed_prefix_list(
            add_entry, remove_entry, prefix_list_id, current_version, name
        )

    def delete_managed_prefix_list(self, prefix_list_id: str) -> Any:
        self._prefix_list(prefix_list_id)
        return super().delete_managed_prefix_list(prefix_list_id)

    def _prefix_list(self, prefix_list_id: str | None) -> Any:
        """Return a prefix list. Raises EC2ClientError if it does not exist."""
        found = self.managed_prefix_lists.get(prefix_list_id or "")
        if found is None:
            raise EC2ClientError(
                "InvalidPrefixListID.NotFound",
                f"The prefix list ID '{prefix_list_id}' does not exist",
            )
        return found
