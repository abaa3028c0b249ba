from __future__ import annotations

from pathlib import Path

import pytest

from drydock.aws import clients
from drydock.errors import CredentialsMissing
from drydock.keys import OPEN

ENDPOINT = "http://127.0.0.1:4599"


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_local_clients_hear_nothing_of_the_users_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\nuse_fips_endpoint = true\n")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", "https://ecs.example.com")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    local = clients.local(ENDPOINT, "ap-southeast-2")
    ecs = local.ecs
    assert ecs.meta.endpoint_url == ENDPOINT
    assert ecs.meta.region_name == local.region == "ap-southeast-2"
    assert ecs.meta.config.proxies == {}  # type: ignore[attr-defined]
    credentials = local.session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.token) == (OPEN.id, None)


def test_aws_clients_need_credentials() -> None:
    with pytest.raises(CredentialsMissing, match="no credentials"):
        clients.aws()


def test_aws_clients_need_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(CredentialsMissing, match="no region"):
        clients.aws()
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert clients.aws().region == "eu-north-1"
    assert clients.aws("eu-west-3").region == "eu-west-3"


def test_a_profile_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(CredentialsMissing, match="no-such-profile"):
        clients.aws()
