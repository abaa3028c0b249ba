"""The texts of a pipeline's comment and issue, in GitHub's Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIMIT = 60_000
"""Most characters of a plan; GitHub takes 65,536 in a comment or an issue."""
MASK = "***"
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY|PRIVATE", re.IGNORECASE)
_FROM_SECRETS = frozenset({"TF_VAR_vpc_id", "TF_VAR_domain_name", "TF_VAR_certificate_arn"})
"""Stored as secrets of the repository, although they are no credentials."""
_NOT_SECRET = frozenset({"", "true", "false", "null"})


@dataclass(frozen=True)
class Report:
    """The contents of a comment or an issue about a plan."""

    title: str
    """One line: `3 to add, 1 to change`."""
    plan: str
    """Terraform's own output, without colours."""
    findings: Sequence[str] = ()
    """Changes that lose data, interrupt service or expose something, a sentence each."""
    cost: str = ""
    """One line; empty to leave costs out."""
    commit: str = ""
    run_url: str = ""


def comment(report: Report, stack: str) -> str:
    """Return the comment for a pull request; its first line is the marker that identifies it."""
    return f"{marker(stack)}\n### Terraform plan of `{stack}`: {report.title}\n\n{_body(report)}"


def drift(report: Report, stack: str) -> str:
    """Return the issue for a stack that differs from its code."""
    words = (
        f"What runs is not what `{stack}` on the default branch says. Somebody changed it by hand, or a "
        "change of the code was not applied. Applying would do this:"
    )
    return f"{marker(stack)}\n{words}\n\n**{report.title}**\n\n{_body(report)}"


def marker(stack: str) -> str:
    """Return an HTML comment, invisible on the page, that identifies the stack's text."""
    return f"<!-- drydock: plan of {re.sub(r'[^A-Za-z0-9_./-]', '_', stack)} -->"


def secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the environment's secret values, the longest first."""
    found = {
        value
        for name, value in environ.items()
        if (_SECRET.search(name) or name in _FROM_SECRETS) and value.lower() not in _NOT_SECRET
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def masked(text: str, hidden: Sequence[str]) -> str:
    """Return the text with the hidden values masked, also where Terraform quotes them."""
    for secret in hidden:
        quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
        for word in (quoted, secret):
            text = text.replace(word, MASK)
    return text


def _body(report: Report) -> str:
    parts = [f"- ⚠️ {finding}" for finding in report.findings]
    if parts:
        parts.append("")
    if report.cost:
        parts += [f"Cost: {report.cost}", ""]
    plan = _cut(report.plan.strip())
    # A fence longer than any in the text, so that no text can end the block.
    ticks = max((len(run) for run in re.findall(r"`+", plan)), default=0)
    fence = "`" * max(3, ticks + 1)
    parts += ["<details><summary>The whole plan</summary>", ""]
    parts += [f"{fence}text", plan, fence, "", "</details>", ""]
    said = [f"commit {report.commit[:12]}"] if report.commit else []
    said += [f"[run]({report.run_url})"] if report.run_url else []
    return "\n".join([*parts, ", ".join(said)]).rstrip() + "\n"


def _cut(plan: str) -> str:
    """Shorten a plan to its end, which has the summary."""
    if len(plan) <= LIMIT:
        return plan
    left = len(plan) - LIMIT
    return f"({left} characters are left out here; the run's log has them)\n{plan[left:]}"
