"""Authorize every request under the store's lock before moto gets it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from drydock.region.api.credentials import credentials
from drydock.region.api.denial import Denial
from drydock.region.api.operations import Environ, Operation
from drydock.region.api.store import Store
from drydock.region.iam import principals, signing, web_identity
from drydock.region.iam.call import Call, read
from drydock.region.iam.checks.general import needed
from drydock.region.iam.evaluate import Caller, refusal, sentence

log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Authorizer:
    """Authorizes requests.

    `root_keys` (id → secret) belong to the account's root; `client_address` is that of clients on
    the host.
    """

    def __init__(self, store: Store, root_keys: Mapping[str, str], client_address: str) -> None:
        self._store = store
        self._root_keys = dict(root_keys)
        self._client_address = client_address

    def forged(self, environ: Environ) -> Denial | None:
        """Return why the request's signature is refused; None if it is valid, or names no key.

        Call it without the store's lock: it reads the body, however large it is.
        """
        key, _ = credentials(environ)
        if not key:
            return None
        with self._store.locked():
            secret = self._root_keys.get(key) or principals.secret(self._store, key)
        if secret is None:
            return Denial("unknown key")
        why = signing.problem(environ, secret, datetime.now(UTC))
        return Denial(why) if why else None

    def refuse(self, environ: Environ, operation: Operation) -> Denial | None:
        """Return why an unforged request is denied; None if it is allowed.

        Call it under the store's lock.
        """
        key, token = credentials(environ)
        if key in self._root_keys:
            return None
        call = read(environ, operation, self._store.account_id, self._store.region)
        try:
            if not key and call.action == web_identity.ACTION:
                who = web_identity.caller(self._store, call)
            else:
                who = principals.caller(self._store, key, token, self._root_keys)
        except principals.UnknownKeyError:
            return Denial("unknown key")
        except principals.ExpiredSessionError:
            return Denial("expired")
        if who.anonymous and call.action == web_identity.ACTION:
            return Denial("denied", web_identity.REFUSED)
        if who.anonymous and call.service != "s3":
            return Denial("unsigned")
        return self._judge(who, call, environ)

    def _judge(self, who: Caller, call: Call, environ: Environ) -> Denial | None:
        context = self._context(environ)
        for check in needed(call, self._store):
            if reason := refusal(who, check, context):
                words = sentence(who, check, reason)
                if call.action == web_identity.ACTION:
                    words = web_identity.REFUSED
                log.info("denied", extra={"sentence": words})
                return Denial("denied", words)
        return None

    def _context(self, environ: Environ) -> Mapping[str, tuple[str, ...]]:
        """Return the global condition keys of a request.

        The API counts as reached by TLS, as AWS's is.
        """
        address = str(environ.get("REMOTE_ADDR", ""))
        now = datetime.now(UTC)
        return {
            **basics(self._store, now),
            "aws:sourceip": (self._client_address if address in _LOOPBACK else address,),
            "aws:useragent": (str(environ.get("HTTP_USER_AGENT", "")),),
        }


def basics(store: Store, now: datetime) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that are independent of the caller."""
    return {
        "aws:requestedregion": (store.region,),
        "aws:resourceaccount": (store.account_id,),
        "aws:currenttime": (now.isoformat(timespec="seconds"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
    }
