"""ACM: certificates with DNS validation, and imported ones that are checked."""

from __future__ import annotations

from drydock.region.api import fast_import

fast_import.import_ec2()

from drydock.region.services.acm.operations.backend import AcmBackend  # noqa: E402
from drydock.region.services.acm.records import Certificate, Renewal  # noqa: E402

__all__ = ["AcmBackend", "Certificate", "Renewal"]
