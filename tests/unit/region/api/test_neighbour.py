"""The key that `drydock env` exports is refused by another folder's region, and by no other."""

from __future__ import annotations

import pytest

from drydock.region.api.neighbour import refusal

OWN, OTHER = "drydock_0123456789abcdef", "drydock_fedcba9876543210"


def signed(key: str) -> dict[str, str]:
    scope = f"{key}/20261130/ap-southeast-2/sts/aws4_request"
    return {"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host"}


@pytest.mark.parametrize("key", [OWN, "drydock", "test", "AKIAEXAMPLE", ""])
def test_ones_own_key_and_dummy_keys_go_on(key: str) -> None:
    assert refusal(signed(key), OWN) is None


@pytest.mark.parametrize(
    "environ",
    [
        signed(OTHER),
        {"HTTP_AUTHORIZATION": f"AWS {OTHER}:c2lnbmF0dXJl"},
        {"QUERY_STRING": f"X-Amz-Credential={OTHER}%2F20261130%2Fx%2Fs3%2Faws4_request"},
    ],
)
def test_another_folders_key_is_refused_in_words(environ: dict[str, str]) -> None:
    denial = refusal(environ, OWN)
    assert denial is not None
    assert denial.why == "unknown key"
    assert "another folder" in denial.sentence


def test_a_key_elsewhere_in_a_request_is_no_credential() -> None:
    assert refusal({"QUERY_STRING": f"prefix={OTHER}", **signed("test")}, OWN) is None
