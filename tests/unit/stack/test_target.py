"""The environment leads to the target and nowhere else."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

from drydock.aws.target import Target, aws_files, environment

LOCAL = Target.local("http://127.0.0.1:4566", region_id="r1")
AWS = Target("aws", "eu-west-1", "210987654321", arn="arn:aws:iam::210987654321:user/me")
FOLDERS = {"data_dir": Path("/d"), "cli_config": Path("/c"), "aws_files": Path("/a")}


def test_locally_nothing_of_the_callers_aws_settings_is_left() -> None:
    base = {
        "PATH": "/bin",
        "AWS_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL_S3": "https://elsewhere",
        "AWS_ROLE_ARN": "arn",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
        "AWS_CA_BUNDLE": "/ca.pem",
        "TF_VAR_postgresql_password": "secret-enough",
    }
    env = environment(LOCAL, base, **FOLDERS)
    assert {name: env[name] for name in env if name.startswith("AWS_")} == {
        "AWS_CA_BUNDLE": "/ca.pem",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "drydock",
        "AWS_SECRET_ACCESS_KEY": "drydock",
        "AWS_REGION": "ap-southeast-2",
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_CONFIG_FILE": "/a/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/a/credentials",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "2",
    }
    assert env["PATH"] == "/bin"
    assert env["TF_VAR_postgresql_password"] == "secret-enough"
    assert env["TF_DATA_DIR"] == "/d"
    assert env["TF_CLI_CONFIG_FILE"] == "/c"


def test_a_variable_without_a_value_is_not_set() -> None:
    base = {"TF_VAR_service": "", "TF_VAR_production": "", "TF_VAR_prefix": "shop", "OTHER": ""}
    for target in (LOCAL, AWS):
        env = environment(target, base, **FOLDERS)
        assert {name for name in env if name.startswith("TF_VAR_")} == {"TF_VAR_prefix"}
        assert env["OTHER"] == ""


def test_a_proxy_is_not_asked_for_the_local_region() -> None:
    env = environment(LOCAL, {"no_proxy": "internal"}, **FOLDERS)
    assert env["NO_PROXY"] == env["no_proxy"] == "internal,127.0.0.1,localhost"


def test_for_aws_the_environment_is_the_callers_own() -> None:
    base = {"PATH": "/bin", "AWS_PROFILE": "prod", "AWS_REGION": "us-east-1", "TF_LOG": "debug"}
    env = environment(AWS, base, **FOLDERS)
    own = {"TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TF_IN_AUTOMATION", "TF_INPUT"}
    assert {name: value for name, value in env.items() if name not in own} == base


def test_for_aws_the_region_is_set_where_nothing_says_one() -> None:
    assert environment(AWS, {}, **FOLDERS)["AWS_REGION"] == "eu-west-1"
    assert environment(AWS, {"AWS_REGION": ""}, **FOLDERS)["AWS_REGION"] == "eu-west-1"


def test_a_users_own_cli_configuration_is_left_to_terraform() -> None:
    folders = {**FOLDERS, "cli_config": None}
    assert "TF_CLI_CONFIG_FILE" not in environment(AWS, {}, **folders)  # type: ignore[arg-type]


def test_profiles_that_a_stack_names_exist_locally() -> None:
    texts = aws_files(LOCAL, frozenset({"prod", "default"}))
    config, credentials = ConfigParser(default_section=""), ConfigParser(default_section="")
    config.read_string(texts["config"])
    credentials.read_string(texts["credentials"])
    assert config.sections() == ["default", "profile prod"]
    assert credentials.sections() == ["default", "prod"]
    assert credentials["prod"]["aws_access_key_id"] == "drydock"


def test_a_role_acts_where_iam_is_enforced() -> None:
    role = LOCAL.acting_as("ASIA1", "two", "three")
    env = environment(role, {"AWS_SESSION_TOKEN": "mine"}, **FOLDERS)
    assert (env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]) == ("ASIA1", "two")
    assert env["AWS_SESSION_TOKEN"] == "three"
    assert "three" not in repr(role)
    assert "aws_session_token = three\n" in aws_files(role, frozenset())["credentials"]
    assert "AWS_SESSION_TOKEN" not in environment(LOCAL, env, **FOLDERS)
    assert "token" not in aws_files(LOCAL, frozenset())["credentials"]
    assert role.identity == LOCAL.identity  # what was planned as one is applied as the other


def test_a_plan_outlives_a_new_port_but_not_a_new_region() -> None:
    moved = Target.local("http://127.0.0.1:4567", region_id="r1")
    other = Target.local("http://127.0.0.1:4566", region_id="r2")
    assert moved.identity == LOCAL.identity
    assert other.identity != LOCAL.identity
    assert AWS.identity != LOCAL.identity


def test_the_target_is_told_in_words() -> None:
    assert LOCAL.describe().startswith("LOCAL region ap-southeast-2")
    told = AWS.describe()
    assert "210987654321" in told
    assert "eu-west-1" in told
    assert "user/me" in told


def test_an_endpoint_that_is_not_awss_is_told() -> None:
    target = Target("aws", "eu-west-1", "1", endpoint="http://127.0.0.1:1")
    assert "AWS_ENDPOINT_URL" in target.describe()
    assert target.identity != Target("aws", "eu-west-1", "1").identity
