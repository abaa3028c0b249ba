"""The comment on a pull request and the issue of a drift, as texts."""

from __future__ import annotations

import re

from drydock.pipeline import texts
from drydock.pipeline.texts import Report

PLAN = '  # aws_vpc.this will be created\n  + cidr = "10.0.0.0/16"\nPlan: 1 to add.'


def test_a_comment_is_found_again_and_folds_the_plan() -> None:
    text = texts.comment(
        Report(
            "1 to add",
            PLAN,
            ["data loss: aws_rds_cluster.this: all of it"],
            "$ 31 a month",
            "a" * 40,
            "https://ci.example/1",
        ),
        "infra",
    )
    assert text.splitlines()[0] == texts.marker("infra") != texts.marker("other")
    assert "1 to add" in text
    assert "data loss: aws_rds_cluster.this: all of it" in text
    assert "Cost: $ 31 a month" in text
    folded = re.search(r"<details>.*?```text\n(.*?)\n```\n\n</details>", text, re.DOTALL)
    assert folded
    assert folded[1] == PLAN.strip()
    assert text.endswith("commit aaaaaaaaaaaa, [run](https://ci.example/1)\n")


def test_nothing_of_a_plan_leaves_its_block() -> None:
    evil = "```\n</details> @everyone ````"
    text = texts.comment(Report("x", evil), "infra")
    assert f"`````text\n{evil}\n`````\n" in text


def test_a_long_plan_is_cut_where_it_says_least_and_fits() -> None:
    text = texts.comment(Report("x", "y" * 100_000 + "\nPlan: 9 to add."), "infra")
    assert len(text) < 65_536
    assert "Plan: 9 to add." in text
    assert re.search(r"\d+ characters are left out", text)


def test_secrets_are_masked_wherever_they_stand() -> None:
    environ = {
        "TF_VAR_postgresql_password": 'p"\\q longer',
        "AWS_SECRET_ACCESS_KEY": "wJalr/x+y",
        "TF_VAR_vpc_id": "vpc-0123",
        "TF_VAR_production": "true",
        "MY_TOKEN": "",
        "HAS_TOKEN": "true",
        "HOME": "/home/me",
    }
    hidden = texts.secrets(environ)
    said = 'password = "p\\"\\\\q longer" p"\\q longer wJalr/x+y vpc-0123 true /home/me'
    assert texts.masked(said, hidden) == 'password = "***" *** *** *** true /home/me'
    assert hidden == tuple(sorted(hidden, key=len, reverse=True))


def test_a_drift_says_what_applying_would_do() -> None:
    text = texts.drift(Report("1 to change", PLAN), "infra")
    assert text.startswith(texts.marker("infra"))
    assert "1 to change" in text
    assert PLAN.strip() in text
