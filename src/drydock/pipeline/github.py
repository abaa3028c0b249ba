"""GitHub's REST API, as far as a pipeline needs it.

https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/issues/issues
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from drydock.errors import PipelineError, UsageError

_PAGE = 100
_TIMEOUT = 30.0
"""Seconds."""


@dataclass(frozen=True)
class GitHub:
    """Client of one repository, with a token that can write to it."""

    api: str
    repository: str
    """OWNER/REPO."""
    token: str = field(repr=False)
    run_url: str = ""
    commit: str = ""
    number: int = 0
    """Number of the pull request that the pipeline runs for; 0 if there is none."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> GitHub:
        """Read the environment that GitHub Actions sets; GITHUB_TOKEN comes from the workflow.

        https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        Raises UsageError: a variable is missing, or wrong.
        """
        missing = [name for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY") if not environ.get(name)]
        if missing:
            raise UsageError(
                "GitHub",
                f"{' and '.join(missing)} not set",
                "run this in GitHub Actions, with GITHUB_TOKEN in the step's env",
            )
        repository = environ["GITHUB_REPOSITORY"]
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UsageError(f"GITHUB_REPOSITORY={repository}", "it is not OWNER/REPO", "mend it")
        run = environ.get("GITHUB_RUN_ID", "")
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        event = _event(environ.get("GITHUB_EVENT_PATH", ""))
        pull = event.get("pull_request", {})
        return cls(
            environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
            repository,
            environ["GITHUB_TOKEN"],
            f"{server}/{repository}/actions/runs/{run}" if run else "",
            # For a pull request GITHUB_SHA is a temporary merge commit.
            pull.get("head", {}).get("sha") or environ.get("GITHUB_SHA", ""),
            int(pull.get("number", 0)),
        )

    def say(self, marker: str, text: str) -> str:
        """Create or update the comment with the marker on the pull request; return its URL.

        Raises UsageError (no pull request) and PipelineError (GitHub refuses, or is not reached).
        """
        if not self.number:
            raise UsageError("comment", "this run is for no pull request", "run it on pull_request")
        comments = f"/repos/{self.repository}/issues/{self.number}/comments"
        for one in self._all(comments):
            if _is_ours(one, marker):
                path = f"/repos/{self.repository}/issues/comments/{one['id']}"
                return str(self._ask("PATCH", path, {"body": text})["html_url"])
        return str(self._ask("POST", comments, {"body": text})["html_url"])

    def open_issue(self, marker: str, title: str, text: str) -> str:
        """Open or update the issue with the marker; return its URL. Raises PipelineError."""
        body = {"title": title, "body": text}
        found = self._issue(marker)
        if found is None:
            return str(self._ask("POST", f"/repos/{self.repository}/issues", body)["html_url"])
        return str(self._ask("PATCH", self._path(found), body)["html_url"])

    def close_issue(self, marker: str) -> str:
        """Close the issue with the marker; return its URL, or "" if none is open. Raises PipelineError."""
        found = self._issue(marker)
        if found is None:
            return ""
        done = {"state": "closed", "state_reason": "completed"}
        return str(self._ask("PATCH", self._path(found), done)["html_url"])

    def _issue(self, marker: str) -> dict[str, Any] | None:
        for one in self._all(f"/repos/{self.repository}/issues", "state=open&"):
            # Pull requests are issues too.
            if "pull_request" not in one and _is_ours(one, marker):
                return one
        return None

    def _path(self, issue: Mapping[str, Any]) -> str:
        return f"/repos/{self.repository}/issues/{issue['number']}"

    def _all(self, path: str, query: str = "") -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            found = self._ask("GET", f"{path}?{query}per_page={_PAGE}&page={page}")
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "drydock",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        what = f"GitHub: {method} {path.partition('?')[0]}"
        try:
            with urllib3.PoolManager() as pool:
                answer = pool.request(
                    method,
                    self.api + path,
                    headers=headers,
                    body=None if body is None else json.dumps(body).encode(),
                    timeout=_TIMEOUT,
                    redirect=False,
                    retries=urllib3.Retry(3, allowed_methods=["GET"], redirect=0),
                )
                text = answer.data.decode(errors="replace")
        except urllib3.exceptions.HTTPError as error:
            raise PipelineError(what, str(error), "run the job again") from error
        if not 200 <= answer.status < 300:
            raise PipelineError(
                what,
                f"{answer.status} {text[:300]}",
                "give the job's `permissions` what it writes (pull-requests or issues: write)",
            )
        return json.loads(text)


def _is_ours(one: Mapping[str, Any], marker: str) -> bool:
    """Return whether a bot wrote the text with the marker: anyone else could copy the marker."""
    bot = one.get("user", {}).get("type") == "Bot"
    return bot and str(one.get("body") or "").startswith(marker)


def _event(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"GITHUB_EVENT_PATH={path}", str(error), "run this in GitHub Actions"
        ) from error
    return found if isinstance(found, dict) else {}
