"""The application's errors, with exit codes and HTTP answers.

TasklistError            exit 1   a command failed
├── SettingsError        exit 2   conf.toml or a VTT_ variable is wrong
├── UsageError           exit 2   the command line is wrong
├── ListenError                   the address cannot be listened on
└── DatabaseError                 updatedb could not do its work
Refusal                           a request is answered with a 4xx and a sentence
DatabaseUnavailable               a request is answered with 503: trying again may help

Every message is one sentence for a person; none ever contains the password.
"""

from __future__ import annotations


class TasklistError(Exception):
    """A command failed: the message goes to stderr, and the process exits with `exit_code`."""

    exit_code = 1


class SettingsError(TasklistError):
    """A setting is wrong; the sentence names it and what is allowed."""

    exit_code = 2


class UsageError(TasklistError):
    """The request makes no sense; nothing was changed."""

    exit_code = 2


class ListenError(TasklistError):
    """The server cannot listen on its address."""


class DatabaseError(TasklistError):
    """The database cannot be reached, created or migrated."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """The request is wrong: `status` is a 4xx, `text` says what is allowed."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.text = text
        self.headers = headers or {}
        super().__init__(status, text)


class DatabaseUnavailable(Exception):  # noqa: N818 - likewise
    """The database cannot answer now. `text` is for the client, `cause` for the log."""

    def __init__(self, text: str, cause: str) -> None:
        self.text = text
        self.cause = cause
        super().__init__(text, cause)
