"""Settings: the file, the environment before it, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasklist.errors import SettingsError
from tasklist.settings import Settings, load_settings

SECRET = "hunter2-very-secret"


def test_without_anything_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == Settings()
    assert Settings().listen_host == "localhost"
    assert Settings().db_sslmode == "prefer"


def test_the_environment_is_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "conf.toml").write_text('"DbHost" = "file"\n"DbName" = "file"\nlistenport = 8080\n')
    found = load_settings(tmp_path, {"VTT_DBHOST": " env ", "VTT_DBNAME": ""})
    assert (found.db_host, found.db_name, found.listen_port) == ("env", "file", 8080)


def test_every_variable_is_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    found = load_settings(
        tmp_path,
        {
            "VTT_DBUSER": "u",
            "VTT_DBPASSWORD": "p",
            "VTT_DBNAME": "n",
            "VTT_DBHOST": "h",
            "VTT_DBPORT": "1",
            "VTT_DBTYPE": "PostgreSQL",
            "VTT_DBSSLMODE": "verify-full",
            "VTT_DBSSLROOTCERT": str(tmp_path / "ca.pem"),
            "VTT_LISTENHOST": "0.0.0.0",
            "VTT_LISTENPORT": "2",
            "VTT_WORKERS": "3",
        },
    )
    root = str(tmp_path / "ca.pem")
    expected = ("u", "p", "n", "h", 1, "postgresql", "verify-full", root, "0.0.0.0", 2, 3)
    assert expected == (
        *(found.db_user, found.db_password, found.db_name, found.db_host, found.db_port),
        *(found.db_type, found.db_sslmode, found.db_sslrootcert),
        *(found.listen_host, found.listen_port, found.workers),
    )


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("VTT_DBPORT", "x", "whole number from 1 to 65535"),
        ("VTT_DBPORT", "0", "whole number from 1 to 65535"),
        ("VTT_WORKERS", "0", "whole number from 1 to 64"),
        ("VTT_WORKERS", "auto", "whole number from 1 to 64"),
        ("VTT_DBPORT", "٣", "whole number"),
        ("VTT_LISTENPORT", "65536", "from 0 to 65535"),
        ("VTT_DBTYPE", "mysql", "postgres"),
        ("VTT_DBSSLMODE", "on", "verify-full"),
        ("VTT_DBSSLROOTCERT", "/no/such.pem", "no such file"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(
    tmp_path: Path, variable: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {variable: value, "VTT_DBPASSWORD": SECRET})
    assert variable in str(caught.value)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'DbPassword = "{SECRET}', "not valid TOML (at"),
        (f"DbPassword = {SECRET}", "not valid TOML (at"),
        (f'DbPort = "{SECRET}x"', "DbPort in conf.toml"),
        ("DbPassword = true", "DbPassword in conf.toml must be a text"),
        ("[DbPassword]\nx = 1", "DbPassword in conf.toml must be a text"),
        ("DbPort = 5432.5", "DbPort in conf.toml"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "conf.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(junk=st.text(alphabet=st.sampled_from('"=[]\n\\#{}. x'), max_size=20))
def test_no_broken_file_gives_its_password_away(tmp_path: Path, junk: str) -> None:
    (tmp_path / "conf.toml").write_text(f"DbPassword = '{SECRET}'\n{junk}{SECRET}")
    said = ""
    try:
        load_settings(tmp_path, {})
    except SettingsError as error:
        said = str(error)
    assert SECRET not in said


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "conf.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path, {})


def test_the_repr_has_no_password(tmp_path: Path) -> None:
    assert SECRET not in repr(load_settings(tmp_path, {"VTT_DBPASSWORD": SECRET}))
