"""Our Route 53 backend: what the other files hold, together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.route53 import urls as their_urls

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.route53.checks import CheckOperations
from drydock.region.api.gaps.route53.records import RecordOperations
from drydock.region.api.gaps.route53.responses import Route53Responses

_MORE = (
    r"{0}/(?P<api_version>[\d_-]+)/testdnsanswer$",
    r"{0}/(?P<api_version>[\d_-]+)/healthcheckcount$",
    r"{0}/(?P<api_version>[\d_-]+)/healthcheck/(?P<health_check_id>[^/]+)/lastfailurereason$",
    r"{0}/(?P<api_version>[\d_-]+)/checkeripranges$",
    r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/authorizevpcassociation$",
    r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/deauthorizevpcassociation$",
)
"""Paths that moto 5.2.5 does not know."""


class Route53Backend(RecordOperations, CheckOperations):
    """Route 53 as it is asked for; controllers write what they see."""

    @property
    def _url_module(self) -> Any:
        known = overlay.urls(their_urls, Route53Responses)
        paths = {**known.url_paths, **dict.fromkeys(_MORE, Route53Responses.dispatch)}
        return SimpleNamespace(url_bases=known.url_bases, url_paths=paths)
