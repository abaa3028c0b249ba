"""The steps of a destroy: unprotect, empty, run Terraform, wait for stragglers, check what is left.

It may be interrupted anywhere and begun again: Terraform's state lists what still exists, and a record
keeps what the state no longer has (the tags, the roles, resources of others with the same tags). Where
the state is empty and there is no such record, a plan of the stack shows what its resources look like.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from drydock.aws import waiting
from drydock.aws.clients import Clients
from drydock.errors import CheckFailed, OpsError, StackError, WaitTimedOut
from drydock.paths import write_private
from drydock.stack import reading
from drydock.stack.files import read_json
from drydock.stack.stack import Stack
from drydock.stack.state_lock import command
from drydock.stack.teardown import contents, guards, interfaces, lost, removal
from drydock.stack.teardown.remains import Remains
from drydock.stack.teardown.sweep import Found, sweep

_TRIES = 5
_SETTLE = {True: 5.0, False: 60.0}
"""Seconds that the tagging API is given to forget deleted resources: locally and on AWS."""


@dataclass(frozen=True)
class Known:
    """What the record keeps of a stack while it is destroyed."""

    tags: Mapping[str, str]
    roles: tuple[str, ...]
    others: tuple[str, ...]
    """Resources with the same tags that were not in the stack's state."""


class Teardown:
    """One stack's destruction. `tell` gets messages for the user."""

    def __init__(self, stack: Stack, clients: Clients, tell: Callable[[str], None]) -> None:
        self._stack = stack
        self._clients = clients
        self._tell = tell
        stack.files.create()
        self._record: Path = stack.files.home / "teardown.json"
        self.remains = Remains.of(reading.state(stack))
        self._stays: dict[str, str] = {}

    @cached_property
    def debris(self) -> tuple[str, ...]:
        """ARNs and ids of the stack's resources if its state is empty; other stacks' are left out.

        Raises OpsError: the API does not answer.
        """
        return self._find() if self.empty else ()

    @property
    def empty(self) -> bool:
        """The state lists no resource: there is none, or the state was lost."""
        return not self.remains.standing

    @cached_property
    def _like(self) -> lost.Likeness:
        known = self._known()
        if known is not None and known.tags:
            return lost.Likeness(known.tags, (), roles=known.roles)
        return lost.Likeness.of(self._stack)

    @cached_property
    def _foreign(self) -> frozenset[str]:
        known = self._known()
        others = known.others if known else ()
        return lost.foreign_names(self._clients, self._stack) | frozenset(others)

    def _find(self) -> tuple[str, ...]:
        return lost.find(self._clients, self._like, self._foreign, self._tell)

    def contents(self) -> list[str]:
        """Return what will be emptied, as `bucket NAME` and `repository NAME`."""
        own = reading.state_bucket(self._stack)
        buckets = [name for name in self.remains.buckets if name != own]
        return [
            *(f"bucket {name}" for name in buckets),
            *(f"repository {name}" for name in self.remains.repositories),
        ]

    def run(self, *, disable_protection: bool = False, remove: bool = True) -> None:
        """Destroy everything. With `remove` also delete what an empty state does not list; else only report it.

        Raises StackError (a resource is protected; nothing was changed) and what the steps raise.
        """
        if self.remains.guarded and not disable_protection:
            raise self._protected()
        self._remember()
        if self.remains.guarded:
            guards.turn_off(self._clients, self.remains.guarded)
            for one in self.remains.guarded:
                self._tell(f"deletion protection of {one.address} turned off")
        self._empty()
        self._stack.destroy(again=self._again)
        if self.debris:
            self._remove(disable_protection=disable_protection, remove=remove)

    def _remove(self, *, disable_protection: bool, remove: bool) -> None:
        if not remove:
            self._stays = dict.fromkeys(self.debris, "")
            return
        if disable_protection:
            guards.turn_off(self._clients, lost.guarded(self.debris))
        self._stays = removal.remove(self._clients, self._find, self._tell)

    def report(self) -> None:
        """Tell the user what is left. Raises CheckFailed, naming it, if more is left than should stay."""
        known = self._known()
        if self.empty:
            self._report_lost()
        if known is None:
            return
        if not known.tags:
            self._tell(
                "the stack's resources have no tag in common: what is left was not looked for"
            )
        left = self._left(known)
        for one in left:
            if one.kept or one.name in known.others:
                self._tell(f"still there: {one}{'' if one.kept else ' (of another stack)'}")
        wrong = [one for one in left if not one.kept and one.name not in known.others]
        if wrong:
            raise CheckFailed(
                f"the stack in {self._stack.folder} is destroyed, but not all of it",
                "".join(f"\n  {one}" for one in wrong),
                "delete them, or run drydock destroy again to look once more",
            )
        self._record.unlink(missing_ok=True)
        if known.tags:
            words = ", ".join(f"{key}={value}" for key, value in known.tags.items())
            self._tell(f"nothing is left that carries {words}")

    def _report_lost(self) -> None:
        """Raise CheckFailed if something is left, or if that cannot be found out."""
        if self._like.why:
            raise CheckFailed(
                f"it is not known whether something of the stack in {self._stack.folder} is left",
                f"its state is empty, and it could not be planned: {self._like.why}",
                "mend that, then drydock destroy again",
            )
        if self._stays:
            again = command(
                "destroy", "--sweep", folder=self._stack.folder, local=self._stack.target.is_local
            )
            raise CheckFailed(
                f"the state of the stack in {self._stack.folder} is empty, and its tags are found",
                removal.words(self._stays),
                f"delete them, or take them over by `import` blocks; {again} deletes what it can",
            )
        words = ", ".join(f"{key}={value}" for key, value in self._like.tags.items())
        if words:
            self._tell(f"the state was empty; nothing is left that carries {words}")
        else:
            self._tell("the state was empty, and the stack's resources have no tag in common")

    def _protected(self) -> StackError:
        names = ", ".join(one.address for one in self.remains.guarded)
        return StackError(
            f"the stack in {self._stack.folder} is protected",
            f"AWS refuses to delete {names}; nothing was destroyed",
            "if it is meant so: drydock destroy --disable-protection (make destroy"
            " DISABLE_PROTECTION=1), which turns deletion protection off first",
        )

    def _left(self, known: Known) -> tuple[Found, ...]:
        last: tuple[Found, ...] = ()

        def only_what_may_stay() -> bool:
            nonlocal last
            last = sweep(self._clients, known.tags, known.roles, self._tell)
            return all(one.kept or one.name in known.others for one in last)

        local = self._clients.is_local
        try:
            waiting.until(
                only_what_may_stay,
                what="the stack's resources to be gone",
                timeout=_SETTLE[local],
                every=1.0 if local else 5.0,
            )
        except WaitTimedOut:
            # The report names what is left.
            return last
        return last

    def _empty(self) -> None:
        for words in self.contents():
            kind, _, name = words.partition(" ")
            empty = contents.empty_bucket if kind == "bucket" else contents.empty_repository
            if count := empty(self._clients, name):
                self._tell(
                    f"{words} emptied ({count} {'versions' if kind == 'bucket' else 'images'})"
                )

    def _again(self, words: str, tries: int) -> bool:
        """Return whether a destroy that ended with this output is worth another try, after preparing it."""
        if tries >= _TRIES:
            return False
        if contents.NOT_EMPTY.search(words):
            self._empty()
            return True
        if interfaces.IN_USE.search(words) and interfaces.left(self._clients, self.remains):
            interfaces.wait_until_gone(self._clients, self.remains, self._tell)
            return True
        return False

    def _remember(self) -> None:
        before = self._known()
        tags = self.remains.tags or (before.tags if before else {})
        if not self.remains.standing and before is None:
            return
        others = before.others if before else self._others(tags)
        known = {
            "tags": dict(tags),
            "roles": _joined(self.remains.roles, before.roles if before else ()),
            "others": list(others),
        }
        write_private(self._record, json.dumps(known, indent=2) + "\n")

    def _others(self, tags: Mapping[str, str]) -> list[str]:
        own = self.remains.names
        try:
            found = sweep(self._clients, tags, (), self._tell)
        except OpsError as error:
            # This need not stop the destroy: what is left is looked for again, and reported, afterwards.
            self._tell(f"who else has the same tags is not known: {error}")
            return []
        return [one.name for one in found if not own & {one.name, one.name.rpartition("/")[2]}]

    def _known(self) -> Known | None:
        told: dict[str, Any] | None = read_json(self._record)
        if told is None:
            return None
        return Known(told["tags"], tuple(told["roles"]), tuple(told["others"]))


def _joined(*names: Iterable[str]) -> list[str]:
    return sorted({name for some in names for name in some})
