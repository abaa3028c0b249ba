"""Delete resources that a lost state does not list, by ARN or id, in rounds until all are gone.

No order is kept: AWS refuses what something else still needs, and the next round tries it again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code
from drydock.errors import DrydockError
from drydock.stack.teardown import removal_network, removal_services

_TIMEOUT = {True: 90.0, False: 1800.0}
"""Seconds without any progress, in a local region and on AWS."""
_GONE = ("NotFound", "NoSuch", "DoesNotExist", "ClusterNotFoundException")

_PROTECTED = re.compile(r"[Pp]rotect")
"""An error that further tries cannot overcome."""

Remove = Callable[[Clients, str], None]


def remove(
    clients: Clients,
    look: Callable[[], Iterable[str]],
    tell: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Delete everything that `look` returns, until it returns nothing more that can be deleted.

    Return what is left, each with the reason (empty: it was deleted and is still listed).
    """
    deleted: set[str] = set()
    refused: dict[str, str] = {}
    last: set[str] | None = None
    deadline = clock() + _TIMEOUT[clients.is_local]
    while True:
        names = set(look())
        if names != last:
            last, deadline = names, clock() + _TIMEOUT[clients.is_local]
        refused = {name: refused.get(name, "") for name in names}
        able = [
            name
            for name in sorted(names)
            if way_for(name) is not None and not _PROTECTED.search(refused[name])
        ]
        if not able or clock() > deadline:
            return {
                name: why if way_for(name) else "Drydock knows no way to delete it"
                for name, why in refused.items()
            }
        for name in able:
            why = _try(clients, name)
            refused[name] = why
            if not why and name not in deleted:
                deleted.add(name)
                tell(f"deleted {name}")
        sleep(clients.pace.every * 5)


def way_for(name: str) -> Remove | None:
    """Return the function that deletes a resource of this ARN or id, or None if there is none. Pure."""
    if not name.startswith("arn:"):
        if name.startswith(("iam role ", "ssm parameter ")):
            return removal_services.NAMED[name.rpartition(" ")[0]]
        return removal_network.WAYS.get(name.partition("-")[0])
    service, resource = name.split(":")[2], name.split(":", 5)[5]
    if service == "ec2":
        return removal_network.WAYS.get(resource.rpartition("/")[2].partition("-")[0])
    found = [(kind, way) for (of, kind), way in removal_services.WAYS.items() if of == service]
    # The longest that fits: `listener-rule/` before `listener`.
    fitting = [(kind, way) for kind, way in found if resource.startswith(kind)]
    return max(fitting, key=lambda one: len(one[0]))[1] if fitting else None


def _try(clients: Clients, name: str) -> str:
    """Delete one resource; return why it cannot be deleted now, or "" if it is deleted or gone."""
    way = way_for(name)
    if way is None:
        return "Drydock knows no way to delete it"
    try:
        way(clients, name)
    except ClientError as error:
        if any(word in code(error) for word in _GONE):
            return ""
        return str(error.response["Error"].get("Message") or code(error))
    except DrydockError as error:
        return error.cause or error.subject
    except BotoCoreError as error:
        return str(error)
    return ""


def words(left: Mapping[str, str]) -> str:
    """Return what is left as text, a line each. Pure."""
    return "".join(f"\n  {name}{f' ({why})' if why else ''}" for name, why in sorted(left.items()))
