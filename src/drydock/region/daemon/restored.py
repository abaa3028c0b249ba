"""After a restore, reset what was observed of the data plane, which no longer runs.

The data plane ended with the region that saved the state. Controllers run everything again and
write what they observe; until then no task is shown as running and no database as available.
"""

from __future__ import annotations

from drydock.region.api import implementations
from drydock.region.api.saved.foreign_records import remove_foreign_records
from drydock.region.api.store import Store


def forget_observations(store: Store) -> list[dict[str, str]]:
    """Reset observations, before the first request of a restored control plane is answered.

    Each service's `service.py` defines what it observes (`forget_observations`) and which classes
    its controllers need records to be of (`RECORDS`). Returns the foreign records that were
    removed, in the form of `drydock status`'s problems.
    """
    modules = dict(implementations.modules())
    ours = {name: getattr(module, "RECORDS", {}) for name, module in modules.items()}
    observing = {name: one for name, one in modules.items() if hasattr(one, "forget_observations")}
    with store.changing(*observing):
        strangers = remove_foreign_records(store, ours)
        for name, module in observing.items():
            module.forget_observations(store.backend(name))
    return strangers
