"""Make what the account already has on AWS, as declared, before the first request.

`plan` determines what is missing (pure), `seeing` reads what exists, the other modules make it.
"""

from __future__ import annotations

from drydock.region.seed.provide import provide

__all__ = ["provide"]
