"""The table of services: complete, without doubt, and of the same names as botocore's."""

from __future__ import annotations

from importlib.metadata import version

import botocore.session
import pytest
from moto import backends

from drydock.services import lookup
from drydock.services.model import Service
from drydock.services.table import KEPT, KEPT_TYPES, RUN, TABLE

NO_SERVICES = {
    "core", "utilities", "moto_api", "moto_proxy", "moto_server", "instance_metadata",
    "s3bucket_path", "awslambda_simple", "batch_simple",
}  # fmt: skip
"""Packages of moto's that are parts of others."""
SESSION = botocore.session.get_session()
MOTO = set(backends.list_of_moto_modules()) - NO_SERVICES


def test_every_service_that_moto_knows_was_looked_at() -> None:
    assert MOTO - {one.name for one in TABLE} == set(), f"new in moto {version('moto')}"


def test_each_is_there_once() -> None:
    names = [one.name for one in TABLE]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "service", [one for one in TABLE if one.name in MOTO], ids=lambda one: one.name
)
def test_botocore_signs_it_with_the_tables_scope(service: Service) -> None:
    assert SESSION.get_service_model(service.botocore).signing_name == service.scope


@pytest.mark.parametrize("service", TABLE, ids=lambda one: one.name)
def test_its_words_are_one_sentence_without_its_stop(service: Service) -> None:
    assert service.words
    assert not service.words.endswith(".")
    assert ". " not in service.words


@pytest.mark.parametrize("service", [*RUN, *KEPT], ids=lambda one: one.name)
def test_an_answered_service_is_found_by_its_scope(service: Service) -> None:
    found = lookup.by_scope(service.scope)
    assert found is not None
    assert found.scope == service.scope
    assert found.answered


@pytest.mark.parametrize(
    ("kind", "stance"),
    [
        ("aws_vpc", "run"),
        ("aws_lb_listener", "run"),
        ("aws_lb_ssl_negotiation_policy", "refused"),
        ("aws_cloudwatch_log_group", "run"),
        ("aws_cloudwatch_event_rule", "kept"),
        ("aws_s3_bucket", "run"),
        ("aws_s3_account_public_access_block", "kept"),
        ("aws_s3tables_table", "refused"),
        ("aws_lambda_function", "refused"),
        ("aws_cloudformation_stack", "refused"),
        ("aws_route53_zone", "run"),
        ("aws_route53_resolver_endpoint", "refused"),
        ("aws_autoscaling_group", "refused"),
        ("aws_appautoscaling_policy", "run"),
        ("aws_vpclattice_service", "refused"),
        ("aws_instance", "kept"),
        ("aws_kendra_index", "refused"),
        ("aws_something_new", "run"),
        ("random_password", "run"),
    ],
)
def test_a_resource_type_has_its_services_stance(kind: str, stance: str) -> None:
    said = {"kept": bool(lookup.kept_words(kind)), "refused": bool(lookup.refused_words(kind))}
    assert said == {"kept": stance == "kept", "refused": stance == "refused"}


def test_a_kept_type_is_of_a_service_that_is_run_or_of_none() -> None:
    assert all(not lookup.refused_words(kind) for kind in KEPT_TYPES)
