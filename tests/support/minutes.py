"""Mark tests that only `make test-all` runs: they take minutes, or install much."""

from __future__ import annotations

import os

import pytest

TEST_ALL = bool(os.environ.get("DRYDOCK_TEST_ALL"))


def with_test_all(why: str) -> pytest.MarkDecorator:
    """Skip the test, with the reason and how to run it, unless all tests are requested."""
    reason = f"{why}: `make test-all` runs it (DRYDOCK_TEST_ALL=1)"
    return pytest.mark.skipif(not TEST_ALL, reason=reason)


takes_minutes = with_test_all("takes minutes")
