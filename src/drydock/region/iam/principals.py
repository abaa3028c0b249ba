"""Find the caller of an access key: a user or session, with every attached policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from moto.core.utils import utcnow
from moto.iam.exceptions import NotFoundException

from drydock.region.api.store import Store
from drydock.region.iam.checks.iam import tags_of
from drydock.region.iam.checks.keys import policy_of
from drydock.region.iam.evaluate import Caller
from drydock.region.iam.policy import Policy

_NOTHING = Policy(())


class UnknownKeyError(Exception):
    """The access key is unknown or inactive, or the session token is not its own."""


class ExpiredSessionError(Exception):
    """The session has expired."""


def caller(store: Store, key: str, token: str, root_keys: Iterable[str]) -> Caller:
    """Return the caller that an access key belongs to. Raises UnknownKeyError, ExpiredSessionError.

    Call it under the store's lock.
    """
    if key in root_keys:
        arn = f"arn:aws:iam::{store.account_id}:root"
        return Caller(arn, store.account_id, frozenset({arn}), all_powerful=True)
    if not key:
        return anonymous(store)
    session = store.backend("sts").get_assumed_role_from_access_key(key)
    if session is not None:
        if session.session_token != token:
            raise UnknownKeyError(key)
        if session.expiration < utcnow():
            raise ExpiredSessionError(key)
        return _of_assumed(store, session)
    for user in store.backend("iam").users.values():
        for one in user.access_keys:
            if one.access_key_id == key and one.status == "Active":
                return of_user(store, user)
    raise UnknownKeyError(key)


def secret(store: Store, key: str) -> str | None:
    """Return the secret of an active access key; None if there is none.

    Call it under the store's lock.
    """
    session = store.backend("sts").get_assumed_role_from_access_key(key)
    if session is not None:
        return str(session.secret_access_key)
    for user in store.backend("iam").users.values():
        for one in user.access_keys:
            if one.access_key_id == key and one.status == "Active":
                return str(one.secret_access_key)
    return None


def anonymous(store: Store) -> Caller:
    """Return the caller of unsigned requests."""
    return Caller("anonymous", store.account_id, frozenset())


def of_user(store: Store, user: Any) -> Caller:
    """Return an IAM user, with the policies of its groups."""
    groups = [one for one in store.backend("iam").groups.values() if user in one.users]
    holders = [user, *groups]
    return Caller(
        arn=user.arn,
        account=store.account_id,
        names=frozenset({user.arn}),
        identity=tuple(policy for one in holders for policy in _attached(one)),
        boundary=_boundary(store, user),
        context={
            "aws:username": (user.name,),
            "aws:userid": (user.id,),
            "aws:principaltype": ("User",),
            **_principal(store, user.arn, tags_of(user.tags)),
        },
    )


def _of_assumed(store: Store, session: Any) -> Caller:
    """Return a session of STS, with the session policies of AssumeRole."""
    sts = store.backend("sts")
    found = of_session(store, session.role_arn, session.session_name, sts.session_tags(session))
    given = policy_of(session.policy, found.arn)
    managed = [_by_arn(store, arn) for arn in sts.session_policy_arns(session)]
    policies = [*([given] if given else []), *managed]
    return replace(found, session=tuple(policies)) if policies else found


def of_session(
    store: Store, role_arn: str, name: str, tags: Mapping[str, str] | None = None
) -> Caller:
    """Return a role's session with tags of its own. Raises UnknownKeyError: the role is gone."""
    roles = store.backend("iam").roles.values()
    role = next((one for one in roles if one.arn == role_arn), None)
    if role is None:
        raise UnknownKeyError(role_arn)
    arn = f"arn:aws:sts::{store.account_id}:assumed-role/{role.name}/{name}"
    return Caller(
        arn=arn,
        account=store.account_id,
        names=frozenset({arn, role_arn}),
        identity=tuple(_attached(role)),
        boundary=_boundary(store, role),
        context={
            "aws:userid": (f"{role.id}:{name}",),
            "aws:principaltype": ("AssumedRole",),
            "aws:multifactorauthpresent": ("false",),
            **_principal(store, role_arn, {**tags_of(role.tags), **(tags or {})}),
        },
    )


def of_service(store: Store, name: str) -> Caller:
    """Return a service of AWS's ("ecs-tasks.amazonaws.com"), as trust policies name it."""
    return Caller(name, store.account_id, frozenset({name}), kind="Service")


def _principal(store: Store, arn: str, tags: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    keyed = {f"aws:principaltag/{key.lower()}": (value,) for key, value in tags.items()}
    return {
        "aws:principalarn": (arn,),
        "aws:principalaccount": (store.account_id,),
        "aws:principalisawsservice": ("false",),
        **keyed,
    }


def _attached(holder: Any) -> Iterator[Policy]:
    """Yield a user's, group's or role's inline policies, and attached ones in their default
    version.
    """
    for name, document in holder.policies.items():
        yield policy_of(document, name) or _NOTHING
    for policy in holder.managed_policies.values():
        yield _default_version(policy)


def _default_version(policy: Any) -> Policy:
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return policy_of(version.document, policy.arn) or _NOTHING
    return _NOTHING


def _boundary(store: Store, holder: Any) -> Policy | None:
    arn = getattr(holder, "permissions_boundary_arn", None)
    return _by_arn(store, arn) if arn else None


def _by_arn(store: Store, arn: str) -> Policy:
    """Return a managed policy; one that is gone has no statements."""
    try:
        return _default_version(store.backend("iam").get_policy(arn))
    except NotFoundException:
        return _NOTHING
