"""Verifiers that PostgreSQL 18 itself made."""

from __future__ import annotations

import pytest

from drydock.region.dataplane.database.scram import matches

VERIFIER = "SCRAM-SHA-256$4096:Xm9p6oYGi88l727Xwy2R5A==$0scoME44u0b5LRitnNg7n6+0BnGuFimiDfe3cGy1pW0=:yfpi+F9SzlYrzIsFkn74RGCu82vir4ijWE5Vjtyb+vI="


def test_the_password_of_a_verifier() -> None:
    assert matches(VERIFIER, "pencil")


@pytest.mark.parametrize("password", ["Pencil", "pencil ", "", "pencìl"])
def test_another_password(password: str) -> None:
    assert not matches(VERIFIER, password)


@pytest.mark.parametrize(
    "verifier",
    ["", "md5aabbcc", "SCRAM-SHA-256$4096:AAA$AAA:AAA", "SCRAM-SHA-256$x:AA==$AA==:AA=="],
)
def test_what_is_no_verifier_fits_nothing(verifier: str) -> None:
    assert not matches(verifier, "pencil")
