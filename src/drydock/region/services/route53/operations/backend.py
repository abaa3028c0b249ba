"""The Route 53 backend, composed of the other modules."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.route53 import urls as their_urls

from drydock.region.services.kit import register
from drydock.region.services.route53.operations.checks import CheckOperations
from drydock.region.services.route53.operations.record_sets import RecordOperations
from drydock.region.services.route53.operations.responses import Route53Responses

_MORE = (
    r"{0}/(?P<api_version>[\d_-]+)/testdnsanswer$",
    r"{0}/(?P<api_version>[\d_-]+)/healthcheckcount$",
    r"{0}/(?P<api_version>[\d_-]+)/healthcheck/(?P<health_check_id>[^/]+)/lastfailurereason$",
    r"{0}/(?P<api_version>[\d_-]+)/checkeripranges$",
    r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/authorizevpcassociation$",
    r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/deauthorizevpcassociation$",
)
"""Paths that moto 5.2.5 lacks."""


class Route53Backend(RecordOperations, CheckOperations):
    """The Route 53 backend of the API; controllers write what they observe."""

    @property
    def _url_module(self) -> Any:
        known = register.urls(their_urls, Route53Responses)
        paths = {**known.url_paths, **dict.fromkeys(_MORE, Route53Responses.dispatch)}
        return SimpleNamespace(url_bases=known.url_bases, url_paths=paths)
