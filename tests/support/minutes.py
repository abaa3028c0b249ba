"""Tests that take minutes run with `make test-all`."""

from __future__ import annotations

import os

import pytest

takes_minutes = pytest.mark.skipif(
    not os.environ.get("DRYDOCK_TEST_ALL"),
    reason="takes minutes: `make test-all` runs it (DRYDOCK_TEST_ALL=1)",
)
