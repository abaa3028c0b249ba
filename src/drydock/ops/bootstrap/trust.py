"""Trust policies for GitHub's OIDC tokens: a branch, or pull requests, of one repository. Pure.

https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
"""

from __future__ import annotations

import re
from typing import Any

from drydock.errors import UsageError
from drydock.ops.bootstrap.policies import VERSION

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_BRANCH = re.compile(r"[A-Za-z0-9._/-]+")


def checked(repository: str, branch: str) -> None:
    """Raise UsageError for names that GitHub would reject, or that IAM would read as a pattern."""
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"--github {repository}", "it is not OWNER/REPO", "--github OWNER/REPO")
    if not _BRANCH.fullmatch(branch):
        raise UsageError(f"--branch {branch}", "it is no branch's name", "--branch master")


def provider_arn(partition: str, account: str) -> str:
    return f"arn:{partition}:iam::{account}:oidc-provider/{ISSUER}"


def subjects(repository: str, branch: str, *, pull_requests: bool) -> list[str]:
    """Return exact subjects: a pattern such as `repo:OWNER/REPO:*` would admit every branch."""
    found = [f"repo:{repository}:ref:refs/heads/{branch}"]
    return [*found, f"repo:{repository}:pull_request"] if pull_requests else found


def document(provider: str, allowed: list[str]) -> dict[str, Any]:
    """Return the role's trust policy."""
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": allowed}
                },
            }
        ],
    }
