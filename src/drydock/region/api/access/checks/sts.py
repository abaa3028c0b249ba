"""STS: assuming a role needs the role's trust.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html
"""

from __future__ import annotations

from drydock.region.api.access.call import Call
from drydock.region.api.access.checks.keys import policy_of
from drydock.region.api.access.evaluate import Check, Door
from drydock.region.api.access.matching import Resource
from drydock.region.api.access.policy import Policy
from drydock.region.api.store import Store


def checks(call: Call, store: Store) -> list[Check]:
    """Empty: some resource of STS. A role that is not there trusts nobody."""
    if not call.name.startswith("AssumeRole"):
        return []
    context: dict[str, tuple[str, ...]] = {}
    if external := call.text("ExternalId"):
        context["sts:externalid"] = (external,)
    if session := call.text("RoleSessionName"):
        context["sts:rolesessionname"] = (session,)
    role = call.text("RoleArn")
    tagging = [trust(store, role, "sts:TagSession", context)] if call.tags() else []
    return [trust(store, role, call.action, context), *tagging]


def trust(
    store: Store, role_arn: str, action: str, context: dict[str, tuple[str, ...]] | None = None
) -> Check:
    """That a role may be assumed."""
    roles = store.backend("iam").roles.values()
    document = next((one.assume_role_policy_document for one in roles if one.arn == role_arn), None)
    policy = policy_of(document, role_arn) or Policy(())
    return Check(action, Resource(role_arn), context or {}, policy, Door.TRUST)
