from __future__ import annotations

import pytest

from drydock.errors import UsageError
from drydock.ops import migrate


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({}, ["updatedb", "-s"]),
        (
            {"migrate_command": '["python", "manage.py", "migrate"]'},
            ["python", "manage.py", "migrate"],
        ),
        ({"migrate_command": ["rake", "db:migrate"]}, ["rake", "db:migrate"]),
        ({"migrate_command": "[]"}, []),
    ],
)
def test_the_stack_says_what_migrates_its_database(
    outputs: dict[str, object], words: list[str]
) -> None:
    assert list(migrate.command(outputs)) == words


@pytest.mark.parametrize("said", ["updatedb -s", '{"a": 1}', "[1]"])
def test_what_is_no_list_of_words_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="no JSON list of words"):
        migrate.command({"migrate_command": said})
