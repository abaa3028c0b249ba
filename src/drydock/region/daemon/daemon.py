"""The daemon: wiring only. It starts the API, the controllers and the data plane, and stops them.

python -m drydock.region.daemon.daemon ROOT PORTER_FD INIT_FD     (the porter starts it)
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from drydock import __version__, keys
from drydock.config import Config
from drydock.errors import DrydockError, NotSaved, RegionError, RegionStartFailed, UsageError
from drydock.keys import AccessKey
from drydock.paths import Workspace
from drydock.region.api import bulk
from drydock.region.api.application import Application, OwnRequest
from drydock.region.api.keeping import kept
from drydock.region.api.saved.database import Database
from drydock.region.api.saved.journal import Journal
from drydock.region.api.saved.restore import restore, take_over
from drydock.region.api.server import Front, Server
from drydock.region.api.store import Store
from drydock.region.daemon import api_port, damage, logs, services
from drydock.region.daemon.restored import forget_observations
from drydock.region.dataplane import linux
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.dataplane.processes.client import InitClient
from drydock.region.host import dns_sockets
from drydock.region.host.porter_client import PorterClient
from drydock.saved import remembered, write

if TYPE_CHECKING:
    from drydock.region.daemon.wiring import DataPlane
    from drydock.region.iam.authorizer import Authorizer

log = logging.getLogger("drydock.region")

PROBE_SECONDS = 1.0
"""How long a probe waits unless its request says otherwise."""


class Region:
    """The parts of the region, and the order in which they start and stop."""

    def __init__(self, workspace: Workspace, porter: PorterClient, spawner: InitClient) -> None:
        self.workspace = workspace
        self.config = Config.model_validate_json(workspace.config.read_text())
        services.use()
        self.store = Store(self.config.region.account_id, self.config.region.name)
        self._porter = porter
        self._spawner = spawner
        self._front: Front | None = None
        self._server: Server | None = None
        self._data_plane: DataPlane | None = None
        self._journal: Journal | None = None
        self._damage: list[dict[str, str]] = []
        self._endpoint = ""
        self._dns = ""
        self._started_at = datetime.now(UTC).isoformat(timespec="seconds")

    def start(self) -> None:
        """Start the API first, then the data plane. Raises DrydockError."""
        begun = time.monotonic()
        before = self.workspace.old_state
        saved = before if before.exists() else self.workspace.state
        if error := damage.missing_state(self.workspace, saved):
            raise error
        identity = damage.read_identity(self.workspace)
        api = api_port.bind(self._porter, self.config.region.port, self.workspace)
        self._endpoint = f"http://127.0.0.1:{api.port}"
        names = dns_sockets.bind(
            self._porter, self.config.region.dns_port, self.workspace.region / "dns.json"
        )
        self._dns = f"127.0.0.1:{names.port}"
        self._journal = self._restore()
        app = Application(
            self.store,
            {
                "/_drydock/status": self.status,
                "/_drydock/save": self.save,
                "/_drydock/kept": lambda _request: kept(self.store),
                "/_drydock/probe": self.probe,
                "/_drydock/database": self.database,
            },
            self.workspace.log,
            self._authorizer(),
            self._journal,
            self.workspace.access_key,
        )
        self._front = front = Front(app)
        warming = app.warm()
        notes = [api.note, *damage.lost_authority(self.workspace, known=identity is not None)]
        authority = Authority.open(self.workspace.authority)
        warming.join()
        made = self._provide_account(authority)  # before the journal: all of it, or nothing
        self._journal.start()
        self.store.changed(*made)
        if identity is None:
            identity = self._name_it(self._journal)
        asked = None if self.config.region.allow_users == "any" else self._porter.why_not
        self._server = front.serve([api.socket], "host", asked)
        root = self._root_key()
        self._porter.ready(
            endpoint=self._endpoint,
            daemon_pid=linux.host_pid(),
            started_at=self._started_at,
            region=self.config.region.name,
            account_id=self.config.region.account_id,
            log=str(self.workspace.log),
            id=identity,
            dns=self._dns,
            access_key=root.id,
            secret_key=root.secret,
            note="\n".join(one for one in notes if one),
        )
        log.info(
            "api answers", extra={"endpoint": self._endpoint, "after": time.monotonic() - begun}
        )
        # Imported only now: netlink, PostgreSQL and DNS are not needed to answer. Ours under the
        # lock, since requests import more of moto too and two threads would collide.
        for name in ("pyroute2", "psycopg", "dnslib"):
            import_module(name)
        with self.store.locked():
            from drydock.region.daemon.wiring import DataPlane  # noqa: PLC0415

        self._data_plane = DataPlane(
            self.config,
            self.workspace,
            self.store,
            self._porter,
            self._spawner,
            front.serve,
            names,
            authority,
        )
        self._data_plane.start()
        log.info("region started", extra={"after": time.monotonic() - begun})

    def _restore(self) -> Journal:
        """Restore the saved state; return the journal that continues it. Raises StateUnreadable."""
        sizes = self.config.region
        bulk.open_in(
            self.workspace.region,
            bulk.Limits(sizes.log_bytes, sizes.metric_bytes, sizes.object_bytes),
        )
        database = Database(self.workspace.state, self.store.account_id, self.store.region)
        old = self.workspace.old_state
        restored = database.is_new and take_over(self.store, old)
        aside = restore(self.store, database)
        for unit, words in aside.items():
            since = datetime.now(UTC).isoformat(timespec="seconds")
            self._damage.append({"resource": unit.label, "error": words, "since": since})
        if restored or not database.is_new:
            self._damage += forget_observations(self.store)
            # the data of what could not be restored is kept
            bulk.tidy_up({"logs", "s3"} - {unit.service for unit in aside})
        journal = Journal(self.store, database)
        if restored:
            journal.flush()
            old.rename(old.with_suffix(".taken-over"))
        return journal

    def _provide_account(self, authority: Authority) -> set[str]:
        """Make what [account] declares before the first request; return the services changed."""
        if self.config.account.is_empty:
            return set()
        with self.store.locked():
            from drydock.region.seed import provide  # noqa: PLC0415  (moto, slow)
            from drydock.region.services.acm.controller.plan import KINDS, VALIDITY  # noqa: PLC0415

        made = provide(
            self.store,
            self.config.account,
            lambda one: authority.issue(one.domain_names, KINDS[one.algorithm], VALIDITY),
        )
        return {step.service for step in made}

    def close(self) -> None:
        """Stop in order: the API, the controllers with what they run, then save. Raises NotSaved."""
        if self._server is not None:
            self._server.close()
        log.info("api closed")
        if self._data_plane is not None:
            self._data_plane.close()
        if self._front is not None:
            self._front.close()
        try:
            if self._journal is not None:
                self._journal.close()
        finally:
            bulk.close()
        log.info("region stopped")

    def _authorizer(self) -> Authorizer | None:
        """Return the authorizer of requests; None unless IAM is enforced."""
        settings = self.config.region
        if not settings.enforce_iam:
            return None
        with self.store.locked():
            from drydock.region.iam.authorizer import Authorizer  # noqa: PLC0415  (moto, slow)

        own = self._root_key()
        known = {own.id: own.secret, **{one: one for one in settings.root_access_keys}}
        return Authorizer(self.store, known, str(settings.client_address))

    def _root_key(self) -> AccessKey:
        """Return the access key of the account's root. Its id identifies the folder.

        Its secret is random where IAM is enforced, and kept between starts.
        """
        identity = self.workspace.access_key
        if not self.config.region.enforce_iam:
            return AccessKey(identity, keys.OPEN.secret)
        path = self.workspace.root_key
        secret = remembered(path).get("secret")
        if not isinstance(secret, str) or not secret:  # none yet, or damaged: shells are set anew
            made = keys.new(identity)
            write(path, asdict(made))
            return made
        return AccessKey(identity, secret)

    def status(self, _request: OwnRequest) -> dict[str, Any]:
        """Answer `GET /_drydock/status`."""
        answer: dict[str, Any] = {
            "endpoint": self._endpoint,
            "dns": self._dns,
            "version": __version__,
            "region": self.config.region.name,
            "started_at": self._started_at,
            "urls": [],
            "names": [],
            "tasks": [],
            "databases": [],
            "problems": [],
            "enforce_iam": self.config.region.enforce_iam,
            "ephemeral": self.config.region.ephemeral,
            "unsaved": self._journal is not None and self._journal.pending,
        }
        if self._data_plane is not None:
            answer.update(self._data_plane.status())
        saving = self._journal.problems() if self._journal is not None else []
        answer["problems"] = [*saving, *bulk.problems(), *self._damage, *answer["problems"]]
        return answer

    def save(self, _request: OwnRequest) -> dict[str, Any]:
        """Answer `POST /_drydock/save`: {"unsaved": why}, "" once everything is on disk."""
        try:
            if self._journal is not None:
                self._journal.flush()
            bulk.current().flush()
        except NotSaved as error:
            return {"unsaved": error.cause}
        lost = self._journal.unsavable() if self._journal is not None else []
        return {"unsaved": "; ".join(f"{one['resource']}: {one['error']}" for one in lost)}

    def probe(self, request: OwnRequest) -> dict[str, Any]:
        """Answer `POST /_drydock/probe`: {"source", "address", "port"} → {"reachable", "words",
        "address"}.

        Optional: "timeout" in seconds, "protocol" ("tcp", "udp" or "icmp").
        """
        if self._data_plane is None:
            raise RegionError("the probe", "the data plane is still starting", "try again")
        try:
            wanted = request.body
            return self._data_plane.probe(
                str(wanted["source"]),
                str(wanted["address"]),
                int(wanted["port"]),
                float(wanted.get("timeout", PROBE_SECONDS)),
                wanted.get("protocol", "tcp"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                "the probe", f"it needs source, address and port ({error})", "send them as JSON"
            ) from error

    def database(self, request: OwnRequest) -> dict[str, Any]:
        """Answer `POST /_drydock/database`: {"name", "reader"} → how to connect from the host."""
        if self._data_plane is None:
            raise RegionError("the database", "the data plane is still starting", "try again")
        wanted = request.body if isinstance(request.body, dict) else {}
        return self._data_plane.open_database(
            str(wanted.get("name") or ""), reader=bool(wanted.get("reader"))
        )

    def _name_it(self, journal: Journal) -> str:
        """Return the identity of a new control plane, once it has been saved: see
        `damage.missing_state`.
        """
        journal.flush()
        identity = uuid4().hex
        damage.write_identity(self.workspace, identity)
        return identity


def main() -> int:
    logs.set_up()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the porter says when to stop
    stopping = threading.Event()
    porter = PorterClient(socket.socket(fileno=int(sys.argv[2])), stopping.set)
    spawner = InitClient(socket.socket(fileno=int(sys.argv[3])))
    region: Region | None = None
    try:
        workspace = Workspace(Path(sys.argv[1]))
        workspace.private.mkdir(mode=0o700, exist_ok=True)
        linux.mount("tmpfs", str(workspace.private), "tmpfs", data="mode=700,size=64k")
        region = Region(workspace, porter, spawner)
        region.start()
    except Exception as error:
        log.exception("the region did not start")
        known = error if isinstance(error, DrydockError) else RegionStartFailed(str(error))
        words = f"{known.subject}: {known.cause}" if known.cause else known.subject
        porter.failed(error="daemon", words=words, remedy=known.remedy)
        if region is not None:
            region.close()
        return 1
    stopping.wait()
    try:
        region.close()
    except NotSaved:
        log.exception("the region ended with unsaved changes")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
