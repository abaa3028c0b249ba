"""`drydock bootstrap`: create what an account needs before the first `drydock init`."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.stack import YesOption
from drydock.errors import UsageError

if TYPE_CHECKING:
    from drydock.ops.bootstrap.identity import Role
    from drydock.ops.bootstrap.policies import Scope

_KIND = re.compile(r'^\s*resource\s+"([a-z0-9_]+)"', re.MULTILINE)
_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,22}[a-z0-9]")


def add_to(app: typer.Typer) -> None:
    app.command()(bootstrap)


def bootstrap(
    folder: Annotated[Path, typer.Option("--dir", help="The stack's folder.")] = DEFAULT_FOLDER,
    *,
    bucket: Annotated[
        str, typer.Option("--bucket", envvar="TF_STATE_BUCKET", help="Else a name is derived.")
    ] = "",
    prefix: Annotated[
        str, typer.Option("--prefix", envvar="TF_VAR_prefix", help="Of the stack's names.")
    ] = "tasklist",
    github: Annotated[
        str,
        typer.Option(
            "--github", metavar="OWNER/REPO", help="Let this repository's pipeline in (OIDC)."
        ),
    ] = "",
    branch: Annotated[
        str, typer.Option("--branch", help="The only one that may apply.")
    ] = "master",
    iam_user: Annotated[
        bool, typer.Option("--iam-user", help="Make a user with the same rights, and a key.")
    ] = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the policies; change nothing.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Create the bucket for Terraform's state and, if asked for, the roles or user that deploy.

    Asks first, unless -y.
    """
    from drydock.ops.bootstrap import policies, trust

    if github:
        trust.checked(github, branch)
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"--prefix {prefix}", "it would be no prefix of names", "as TF_VAR_prefix")
    kinds = kinds_of(folder)
    here = context.choose()
    scope = _scope(here, prefix, bucket)
    for kind in policies.unknown(kinds):
        output.warning(f"No rights are known for {kind}: give them with a policy of your own.")
    roles = _roles(scope, kinds, github or "OWNER/REPO", branch)
    if only_print:
        output.document(_documents(scope, roles))
        return
    wanted = [f"the bucket {scope.bucket}"]
    wanted += [f"the role {role.name} for {', '.join(role.subjects)}" for role in roles if github]
    wanted += [f"the user {_user(scope)} with an access key"] if iam_user else []
    if not yes:
        _ask(here, wanted)
    _make_bucket(here, scope)
    if github:
        _make_roles(here, scope, roles)
    if iam_user:
        _make_user(here, scope, roles[0])


def kinds_of(folder: Path) -> set[str]:
    """Return the resource types that a stack and its modules use, by Terraform's names.

    Raises UsageError: there is no Terraform code.
    """
    files = [file for file in folder.rglob("*.tf") if ".terraform" not in file.parts]
    if not files:
        raise UsageError(f"--dir {folder}", "there are no *.tf files", "name the stack's folder")
    return {kind for file in files for kind in _KIND.findall(file.read_text())}


def _scope(here: Context, prefix: str, bucket: str) -> Scope:
    from drydock.ops.bootstrap.bucket import default_name
    from drydock.ops.bootstrap.policies import Scope

    account, region = here.target.account, here.target.region
    partition = here.target.arn.split(":")[1] if here.target.arn else "aws"
    name = bucket or default_name(account, region, prefix)
    return Scope(account, region, prefix, name, partition=partition)


def _roles(scope: Scope, kinds: set[str], repository: str, branch: str) -> list[Role]:
    """Return two roles: one applies, for the branch only; one plans, for pull requests too."""
    from drydock.ops.bootstrap import policies, trust
    from drydock.ops.bootstrap.identity import Role

    return [
        # Their names do not begin with the prefix: the stack's own rights cover roles that do.
        Role(
            f"github-{scope.prefix}-apply",
            trust.subjects(repository, branch, pull_requests=False),
            policies.deploying(scope, kinds),
            f"GitHub Actions of {repository} applies {scope.prefix}",
        ),
        Role(
            f"github-{scope.prefix}-plan",
            trust.subjects(repository, branch, pull_requests=True),
            policies.planning(scope, kinds),
            f"GitHub Actions of {repository} plans {scope.prefix}",
        ),
    ]


def _documents(scope: Scope, roles: list[Role]) -> dict[str, Any]:
    from drydock.ops.bootstrap import bucket, trust

    provider = trust.provider_arn(scope.partition, scope.account)
    return {
        "bucket": {"name": scope.bucket, "policy": bucket.policy(scope.partition, scope.bucket)},
        "provider": {"url": f"https://{trust.ISSUER}", "audience": trust.AUDIENCE, "arn": provider},
        "roles": [
            {
                "name": role.name,
                "trust": trust.document(provider, list(role.subjects)),
                "policies": list(role.documents),
            }
            for role in roles
        ],
    }


def _make_bucket(here: Context, scope: Scope) -> None:
    from drydock.ops.bootstrap import bucket

    made = bucket.ensure(
        here.clients, scope.bucket, account=scope.account, partition=scope.partition
    )
    output.note(
        f"The bucket {scope.bucket} {'is made' if made else 'was there; it is up to date'}."
    )
    output.result(f"TF_STATE_BUCKET={scope.bucket}")
    output.result(f"AWS_REGION={scope.region}")


def _make_roles(here: Context, scope: Scope, roles: list[Role]) -> None:
    from drydock.ops.bootstrap import identity

    identity.ensure_provider(here.clients, scope.account, scope.partition)
    for role, variable in zip(roles, ("AWS_ROLE_ARN", "AWS_PLAN_ROLE_ARN"), strict=True):
        arn = identity.ensure_role(here.clients, role, scope.account, scope.partition)
        output.result(f"{variable}={arn}")
    output.note(
        "Set these as variables of the repository (Settings, Secrets and variables, Actions)."
    )


def _make_user(here: Context, scope: Scope, role: Role) -> None:
    from drydock.ops.bootstrap import identity

    name = _user(scope)
    key = identity.ensure_user(here.clients, name, role.documents, scope.account, scope.partition)
    if key is None:
        output.note(f"The user {name} has a key already; AWS shows a secret only once.")
        return
    output.note("Keep these as secrets; AWS never shows them again, and Drydock keeps no copy.")
    output.result(f"AWS_ACCESS_KEY_ID={key.id}")
    output.result(f"AWS_SECRET_ACCESS_KEY={key.secret}")


def _user(scope: Scope) -> str:
    return f"github-{scope.prefix}-user"


def _ask(here: Context, wanted: list[str]) -> None:
    output.note("This makes, or brings up to date:\n" + "\n".join(f"  {one}" for one in wanted))
    try:
        agreed = typer.confirm(f"On {here.target.describe()}?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise UsageError(
            "bootstrap", "it was not confirmed; nothing was changed", "-y does not ask"
        )
