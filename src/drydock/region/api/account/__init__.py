"""Stand-ins for what the account already has: made before the first request, with the ids of the file.

`plan` says what is missing (pure), `seeing` what is there, the other modules make it.
"""

from __future__ import annotations

from drydock.region.api.account.provide import provide

__all__ = ["provide"]
