"""Which logins were meant to be by IAM, as a server's log tells."""

from __future__ import annotations

from drydock.region.services.rds.controller.logins import refused

_LINE = (
    "2026-11-23 20:00:00 UTC:10.0.0.7(4242):{user}@{base}:[77]:FATAL:  pg_hba.conf rejects connection "
    'for host "10.0.0.7", user "{user}", database "{base}", SSL encryption\n'
)


def test_users_that_were_rejected_are_named_once() -> None:
    text = _LINE.format(user="token_user", base="app") * 2 + _LINE.format(user="other", base="app")
    assert refused(text, "2026-11-23 20:00:00") == ["other", "token_user"]
    assert refused(text, "2026-11-23 20:00:01") == [], "that was before"


def test_what_is_no_login_by_iam_is_not() -> None:
    text = (
        _LINE.format(user="rdsadmin", base="app")
        + _LINE.format(user="boss", base="rdsadmin")
        + 'FATAL:  password authentication failed for user "boss"\n'
        + 'FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "boss", database "app", no encryption\n'
    )
    assert refused(text, "") == []
