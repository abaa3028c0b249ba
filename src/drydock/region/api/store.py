"""Access to the control plane: a lock, the backends, and notification of every change.

moto has no lock of its own, so every request and every controller uses this one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

from drydock.region.api import changes, implementations

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend
    from moto.kms.models import KmsBackend
    from moto.s3.models import S3Backend
    from moto.secretsmanager.models import SecretsManagerBackend
    from moto.ssm.models import SimpleSystemManagerBackend

    from drydock.region.services.acm import AcmBackend
    from drydock.region.services.applicationautoscaling.operations.backend import AutoScalingBackend
    from drydock.region.services.cloudwatch import CloudWatchBackend
    from drydock.region.services.ec2 import Ec2Backend
    from drydock.region.services.ecs import EcsBackend
    from drydock.region.services.elbv2 import ElbBackend
    from drydock.region.services.logs import LogsBackend
    from drydock.region.services.rds import RdsBackend
    from drydock.region.services.route53 import Route53Backend
    from drydock.region.services.servicediscovery import CloudMapBackend
    from drydock.region.services.wafv2 import WafBackend

log = logging.getLogger(__name__)

Listener = Callable[[str], None]

_GLOBAL_SERVICES = frozenset({"iam", "route53", "s3", "cloudfront", "sts"})
"""Services that moto keeps per partition, not per region."""

_LOCK = threading.RLock()
"""One lock per process, as moto's backends and some of its response classes are per process."""


class Store:
    """The control plane of one account and region.

    `generation` grows with every change; `subscribe` reports which service changed; `saved` is the
    generation that is on the disk, written by the journal.
    """

    saved = 0

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self._generation = 0
        self._depth = 0
        self._changed: set[str] = set()
        self._copied: set[str] = set()
        self._unsaved: set[str] = set()
        self._listeners: list[Listener] = []

    @property
    def generation(self) -> int:
        """A number that differs after every change."""
        return self._generation

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with a service's name ("ecs") after each change, outside the lock.

        It runs on the thread that made the change: it must be short and must not raise.
        """
        self._listeners.append(listener)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock. Copy what is read before it is released."""
        with self._holding(()):
            yield

    @contextmanager
    def changing(self, *services: str) -> Iterator[None]:
        """Hold the lock; afterwards `services` count as changed, also when the block raises."""
        with self._holding(services):
            yield

    def changed(self, *services: str) -> None:
        """Mark `services` as changed; best called while the lock is held."""
        with self._holding(services):
            pass

    def touched(self) -> set[str]:
        """Return the services that were changed since the lock was taken; call it while it is held."""
        self._changed |= changes.take()
        return set(self._changed)

    def together_with(self, services: Set[str]) -> set[str]:
        """Return the unsaved changes of controllers, if they concern one of these services.

        A controller may have changed several at once (a log's object in S3 and its offset), and one
        of them must not be saved without the others. Call it while the lock is held.
        """
        return set(self._unsaved) if self._unsaved & services else set()

    def copied(self, services: set[str]) -> None:
        """Note that the journal has a copy of these services' changes; call it under the lock."""
        self._copied |= services
        self._unsaved -= services

    def take_unsaved(self) -> set[str]:
        """Return the services that changed since the last call and of which the journal has no
        copy.
        """
        with self.locked():
            unsaved, self._unsaved = self._unsaved, set()
        return unsaved

    def unsaved(self, services: set[str]) -> None:
        """Return the services of `take_unsaved` to the unsaved ones, after saving failed."""
        with self.locked():
            self._unsaved |= services

    @contextmanager
    def _holding(self, services: tuple[str, ...]) -> Iterator[None]:
        _LOCK.acquire()
        self._depth += 1
        try:
            yield
        finally:
            tell = self._let_go(services)
            _LOCK.release()
            self._notify(tell)

    def _let_go(self, services: tuple[str, ...]) -> set[str]:
        """Return the changes for listeners: none while an outer block still holds the lock."""
        self._changed |= changes.take().union(services)
        self._depth -= 1
        if self._depth or not self._changed:
            return set()
        tell, self._changed = self._changed, set()
        self._unsaved |= tell - self._copied
        self._copied = set()
        self._generation += 1
        return tell

    def _notify(self, services: set[str]) -> None:
        for service in sorted(services):
            for listener in self._listeners:
                try:
                    listener(service)
                except Exception:
                    log.exception("a listener of changes to %s failed", service)

    # fmt: off
    @overload
    def backend(self, service: Literal["ec2"]) -> Ec2Backend: ...
    @overload
    def backend(self, service: Literal["ecs"]) -> EcsBackend: ...
    @overload
    def backend(self, service: Literal["elbv2"]) -> ElbBackend: ...
    @overload
    def backend(self, service: Literal["rds"]) -> RdsBackend: ...
    @overload
    def backend(self, service: Literal["logs"]) -> LogsBackend: ...
    @overload
    def backend(self, service: Literal["applicationautoscaling"]) -> AutoScalingBackend: ...
    @overload
    def backend(self, service: Literal["secretsmanager"]) -> SecretsManagerBackend: ...
    @overload
    def backend(self, service: Literal["ssm"]) -> SimpleSystemManagerBackend: ...
    @overload
    def backend(self, service: Literal["acm"]) -> AcmBackend: ...
    @overload
    def backend(self, service: Literal["cloudwatch"]) -> CloudWatchBackend: ...
    @overload
    def backend(self, service: Literal["kms"]) -> KmsBackend: ...
    @overload
    def backend(self, service: Literal["iam"]) -> IAMBackend: ...
    @overload
    def backend(self, service: Literal["route53"]) -> Route53Backend: ...
    @overload
    def backend(self, service: Literal["wafv2"]) -> WafBackend: ...
    @overload
    def backend(self, service: Literal["servicediscovery"]) -> CloudMapBackend: ...
    @overload
    def backend(self, service: Literal["s3"]) -> S3Backend: ...
    @overload
    def backend(self, service: str) -> Any: ...
    # fmt: on

    def backend(self, service: str) -> Any:
        """Return moto's backend of `service` (moto's name for it) for this account and region.

        Use it only inside `locked` or `changing`. Raises KeyError: no such service or region.
        """
        implementations.install()
        from moto.backends import get_backend  # noqa: PLC0415  (moto, slow)

        backends: Any = get_backend(service)  # type: ignore[call-overload]
        return backends[self.account_id]["aws" if service in _GLOBAL_SERVICES else self.region]
