"""Which versions of PostgreSQL are taken, and which changes of them."""

from __future__ import annotations

import pytest
from moto.rds.exceptions import InvalidParameterCombination

from drydock.region.services.rds.operations import versions


@pytest.mark.parametrize(
    ("engine", "wanted", "expected"),
    [
        ("aurora-postgresql", "16", "16.9"),
        ("aurora-postgresql", "16.4", "16.4"),
        ("aurora-postgresql", "9.6", "9.6.22"),
        ("aurora-postgresql", "11.9", "11.9"),
        ("postgres", "10", "10.23"),
        ("mysql", "8.0", "8.0"),
    ],
)
def test_what_aws_offers_or_once_offered_is_taken(engine: str, wanted: str, expected: str) -> None:
    assert versions.resolve(engine, wanted) == expected


@pytest.mark.parametrize("wanted", ["9", "9.5", "8.4", "19", "16.x", "sixteen"])
def test_what_it_never_had_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidParameterCombination, match=f"Cannot find version {wanted}"):
        versions.resolve("aurora-postgresql", wanted)


def test_families_of_retired_majors() -> None:
    assert versions.family("aurora-postgresql", "9.6.22") == "aurora-postgresql9.6"
    assert versions.family("postgres", "11.22") == "postgres11"


def test_changes_of_the_version() -> None:
    def is_major(before: str, wanted: str, *, allowed: bool = True) -> bool:
        return versions.check_upgrade("postgres", before, wanted, allow_major=allowed)

    assert not is_major("15.10", "15.12", allowed=False)
    assert is_major("15.10", "17.4")
    assert is_major("9.6.22", "10.21")
    with pytest.raises(InvalidParameterCombination, match="AllowMajorVersionUpgrade"):
        is_major("15.10", "16.1", allowed=False)
    with pytest.raises(InvalidParameterCombination, match=r"from 15.10 to 15.9"):
        is_major("15.10", "15.9")
