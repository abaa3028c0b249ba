"""The Route 53 backend, composed of the other modules."""

from __future__ import annotations

from drydock.region.services.route53.operations.checks import CheckOperations
from drydock.region.services.route53.operations.record_sets import RecordOperations

MORE_PATHS = (
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
