"""Record sets: change batches, and lists in Route 53's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.route53.exceptions import NoSuchHealthCheck
from moto.route53.models import RecordSet

from drydock.region.dataplane.dns.names import Labels, labels
from drydock.region.services.route53.names.aws import names_of
from drydock.region.services.route53.operations import batch
from drydock.region.services.route53.operations.errors import InvalidChangeBatch
from drydock.region.services.route53.operations.zones import ZoneOperations


class RecordOperations(ZoneOperations):
    """The records' part of the Route 53 backend."""

    def change_resource_record_sets(self, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        """ChangeResourceRecordSets: apply all of a batch or none."""
        zone = self.get_hosted_zone(zoneid)
        zone.check_free()
        for change in change_list:
            check = change["ResourceRecordSet"].get("HealthCheckId")
            if check and change["Action"] != "DELETE" and check not in self.health_checks:
                raise NoSuchHealthCheck(check)
        zone.rrsets = batch.apply(
            zone.name, zone.resource_id, zone.rrsets, change_list, self._alias_problem
        )
        zone.changed()

    def _alias_problem(self, zone_id: str, target: Labels) -> str:
        """Return what is wrong with an alias to one of AWS's names; empty: nothing."""
        for backend in elbv2_backends[self.account_id].values():
            for balancer in backend.load_balancers.values():
                if target in [labels(name) for name in names_of(balancer)]:
                    if balancer.canonical_hosted_zone_id == zone_id:
                        return ""
                    return "the alias target name does not lie within the target zone"
        return "that target was not found"

    def records_from(
        self,
        zone_id: str,
        start_type: str | None,
        start_name: str | None,
        max_items: int,
        start_identifier: str | None = None,
    ) -> tuple[list[RecordSet], RecordSet | None]:
        """ListResourceRecordSets: return one page, and the record set that begins the next one."""
        zone = self.get_hosted_zone(zone_id)
        found: Sequence[RecordSet] = sorted(zone.rrsets, key=_order)
        if start_name:
            first = (_reversed(start_name), start_type or "", start_identifier or "")
            found = [one for one in found if _order(one) >= first]
        return list(found[:max_items]), found[max_items] if len(found) > max_items else None


def _order(record: RecordSet) -> tuple[tuple[bytes, ...], str, str]:
    """Return the sort key of a record: labels from last to first, then type, then set identifier."""
    return _reversed(record.name), str(record.type), record.set_identifier or ""


def _reversed(name: str) -> tuple[bytes, ...]:
    try:
        return labels(name)[::-1]
    except ValueError as error:
        raise InvalidChangeBatch([f"FATAL problem: {error}"]) from None
