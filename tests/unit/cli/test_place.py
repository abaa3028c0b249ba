from __future__ import annotations

import pytest

from drydock import keys
from drydock.cli import context
from drydock.errors import UsageError

from .conftest import Run, World


@pytest.mark.parametrize(("said", "kind"), [("", "local"), ("local", "local"), ("aws", "aws")])
def test_target_chooses_and_local_is_the_default(said: str, kind: str) -> None:
    assert context.kind({"TARGET": said}) == kind
    assert context.kind({}) == "local"


def test_another_target_is_refused() -> None:
    with pytest.raises(UsageError, match="TARGET=prod"):
        context.kind({"TARGET": "prod"})


@pytest.mark.parametrize("command", [("plan",), ("up",)])
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"])
def test_with_aws_credentials_and_no_target_the_first_line_says_local(
    run: Run,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    name: str,
) -> None:
    monkeypatch.setenv(name, "something")
    world.fails["plan"] = UsageError("far enough")
    ended = run(*command)
    first = (ended.out + ended.err).splitlines()[0]
    assert first.startswith("LOCAL")
    assert name in first
    assert ended.out == ""


def test_the_place_is_always_said(run: Run) -> None:
    assert "LOCAL region ap-southeast-2" in run("plan").err


@pytest.mark.parametrize("key", [keys.OPEN, keys.new("drydock_0123456789abcdef")])
def test_the_regions_own_key_is_no_aws_credential(key: keys.AccessKey) -> None:
    assert context.safety_line({"AWS_ACCESS_KEY_ID": key.id}) == ""


def test_a_random_key_is_random_and_keeps_its_secret_to_itself() -> None:
    one, other = keys.new("drydock_a"), keys.new("drydock_a")
    assert one != other
    assert len(one.secret) == 40
    assert one.secret not in repr(one)


def test_target_aws_says_which_account_and_speaks_to_it(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.plain_moto import plain_moto

    monkeypatch.setenv("TARGET", "aws")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    with plain_moto():
        ended = run("plan")
        here = context.choose()
        assert here.clients.ecs.meta.region_name == "eu-north-1"
        assert here.clients.ecs.meta.endpoint_url == "https://ecs.eu-north-1.amazonaws.com"
    assert ended.code == 0, ended.err
    assert ended.err.startswith("AWS account 123456789012, region eu-north-1")
    assert world.done == ["stack infra on aws", "plan"]


def test_target_aws_in_a_shell_of_the_local_region_is_refused(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET", "aws")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.OPEN.id)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    ended = run("plan")
    assert ended.code == 2
    assert "unset AWS_ENDPOINT_URL" in ended.err
    assert world.done == []
