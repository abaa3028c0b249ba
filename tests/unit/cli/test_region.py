from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from drydock.cli.region import env_lines

from .conftest import RECORD, Run, World


def test_start_prints_the_endpoint_alone(run: Run) -> None:
    ended = run("region", "start")
    assert (ended.code, ended.out) == (0, f"{RECORD.endpoint}\n")


def test_a_region_that_already_runs_is_a_clear_error(run: Run, world: World) -> None:
    world.running = True
    ended = run("region", "start")
    assert ended.code == 1
    assert "runs already" in ended.err


def test_a_config_that_is_not_there_is_named(run: Run, world: World) -> None:
    ended = run("region", "start", "--config", "other.toml")
    assert ended.code == 2
    assert "other.toml" in ended.err
    assert world.done == []


def test_a_wrong_key_is_named_before_anything_starts(
    run: Run, world: World, tmp_path: Path
) -> None:
    (tmp_path / "drydock.toml").write_text("[region]\nprot = 1\n")
    ended = run("region", "start")
    assert ended.code == 2
    assert "prot" in ended.err
    assert world.done == []


def test_status_tells_in_json_and_by_its_exit_code(run: Run, world: World) -> None:
    ended = run("region", "status", "--json")
    assert (ended.code, json.loads(ended.out)) == (1, {"running": False})
    world.running = True
    ended = run("region", "status", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["endpoint"] == RECORD.endpoint
    assert json.loads(ended.out)["dns"] == "127.0.0.1:5399"
    assert "dig @127.0.0.1 -p 5399 NAME" in run("region", "status").err


def test_stopping_what_does_not_run_is_no_error(run: Run) -> None:
    ended = run("region", "stop")
    assert ended.code == 0
    assert "No region runs" in ended.err


def test_env_needs_a_region_and_prints_nothing_without(run: Run) -> None:
    ended = run("env")
    assert (ended.code, ended.out) == (1, "")


def test_a_shell_that_evaluates_env_talks_to_the_region_and_to_nothing_else() -> None:
    record = replace(RECORD, endpoint="http://127.0.0.1:1/$(touch oops)'; x")
    before = {
        "PATH": "/usr/bin:/bin",
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "NO_PROXY": "example.com",
    }
    script = "\n".join(env_lines(record, before)) + "\nenv"
    done = subprocess.run(
        ["sh", "-euc", script], env=before, capture_output=True, text=True, check=True
    )
    after = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert after["AWS_ENDPOINT_URL"] == record.endpoint
    assert after["DRYDOCK_DNS"] == record.dns
    assert after["AWS_REGION"] == after["AWS_DEFAULT_REGION"] == "ap-southeast-2"
    assert after["AWS_ACCESS_KEY_ID"] == after["AWS_SECRET_ACCESS_KEY"] == "drydock"
    assert after["NO_PROXY"] == "example.com,127.0.0.1,localhost"
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        assert name not in after


def test_hosts_prints_a_line_for_each_name_those_of_zones_first(run: Run, world: World) -> None:
    world.running = True
    assert run("region", "hosts").out == ""
    arn = "arn:lb"
    world.inside["names"] = [
        {"load_balancer": arn, "name": "a-lb.elb.amazonaws.com", "kind": "aws"},
        {"load_balancer": arn, "name": "www.example.test", "kind": "zone"},
        {"load_balancer": "arn:other", "name": "www.example.test", "kind": "zone"},
        {"load_balancer": arn, "name": "example.test", "kind": "zone"},
    ]
    ended = run("region", "hosts")
    assert (ended.code, ended.out.splitlines()) == (
        0,
        [
            "127.0.0.1 example.test",
            "127.0.0.1 www.example.test",
            "127.0.0.1 a-lb.elb.amazonaws.com",
        ],
    )
    told = run("region", "hosts", "--help").out
    assert "curl --resolve" in told
    assert "--host-resolver-rules" in told


def test_hosts_needs_a_region(run: Run) -> None:
    assert run("region", "hosts").code == 1


@pytest.mark.parametrize("words", [("down",), ("down", "--purge", "-y")])
def test_down_stops_and_keeps_unless_told_to_purge(
    run: Run, world: World, tmp_path: Path, words: tuple[str, ...]
) -> None:
    data = tmp_path / ".drydock" / "region" / "state.pickle"
    data.parent.mkdir(parents=True)
    data.touch()
    of_aws = tmp_path / ".drydock" / "terraform" / "aws-123456789012-eu-north-1"
    of_aws.mkdir(parents=True)
    world.running = True
    assert run(*words).code == 0
    assert of_aws.exists()
    assert world.done == ["stop"]
    assert data.exists() == (words == ("down",))


def test_purge_asks_and_takes_silence_for_no(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ended = run("down", "--purge")
    assert ended.code == 2
    assert world.done == []


def test_ca_prints_the_certificate_or_its_place_whether_the_region_runs_or_not(
    run: Run, world: World, tmp_path: Path
) -> None:
    file = tmp_path / ".drydock" / "region" / "authority" / "root.pem"
    file.parent.mkdir(parents=True)
    file.write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    for world.running in (False, True):
        assert run("region", "ca").out == file.read_text()
        ended = run("region", "ca", "--path")
        assert (ended.code, ended.out) == (0, f"{file}\n")


def test_ca_before_any_region_says_how_to_get_one(run: Run) -> None:
    ended = run("region", "ca")
    assert (ended.code, ended.out) == (1, "")
    assert "drydock region start" in ended.err


def test_ca_says_how_clients_come_to_trust_it(run: Run) -> None:
    text = run("region", "ca", "--help").out
    for word in ("--cacert", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "Chromium", "Firefox"):
        assert word in text
