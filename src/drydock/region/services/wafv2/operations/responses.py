"""The WAFv2 operations on our backend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.core.common_types import TYPE_RESPONSE
from moto.wafv2.models import GLOBAL_REGION, wafv2_backends
from moto.wafv2.responses import WAFV2Response

from drydock.region.services.wafv2.operations import problems
from drydock.region.services.wafv2.records import Json, Kind

if TYPE_CHECKING:
    from drydock.region.services.wafv2.operations.backend import WafBackend

_PAGE = 100


class WafResponse(WAFV2Response):
    """All operations except the generic ones of tags."""

    @property
    def ours(self) -> WafBackend:
        """The backend of the request's scope."""
        request = self._request()
        arn = request.get("ARN") or request.get("ResourceArn") or request.get("WebACLArn") or ""
        everywhere = request.get("Scope") == "CLOUDFRONT" or ":global/" in arn
        region = GLOBAL_REGION if everywhere else self.region
        backend: Any = wafv2_backends[self.current_account][region]
        return backend  # type: ignore[no-any-return]

    def _request(self) -> Json:
        request: Json = json.loads(self.body or "{}")
        return request

    # -- the five operations of every kind

    def _create(self, kind: Kind) -> TYPE_RESPONSE:
        return _answer({"Summary": self.ours.create(kind, self._request()).summary()})

    def _get(self, kind: Kind) -> TYPE_RESPONSE:
        item = self.ours.find(kind, self._request())
        return _answer({kind.noun: item.show(), "LockToken": item.lock_token})

    def _update(self, kind: Kind) -> TYPE_RESPONSE:
        return _answer({"NextLockToken": self.ours.update(kind, self._request())})

    def _delete(self, kind: Kind) -> TYPE_RESPONSE:
        self.ours.delete(kind, self._request())
        return _answer({})

    def _list(self, kind: Kind) -> TYPE_RESPONSE:
        found = [one.summary() for one in self.ours.of_kind(kind)]
        return self._page(f"{kind.noun}s", found)

    def _page(self, member: str, found: list[Json]) -> TYPE_RESPONSE:
        request = self._request()
        start = int(request.get("NextMarker") or 0)
        end = start + int(request.get("Limit") or _PAGE)
        more = {"NextMarker": str(end)} if end < len(found) else {}
        return _answer({member: found[start:end], **more})

    # -- web ACLs

    def create_web_acl(self) -> TYPE_RESPONSE:
        return self._create(Kind.WEB_ACL)

    def get_web_acl(self) -> TYPE_RESPONSE:
        return self._get(Kind.WEB_ACL)

    def update_web_acl(self) -> TYPE_RESPONSE:
        return self._update(Kind.WEB_ACL)

    def delete_web_acl(self) -> TYPE_RESPONSE:
        return self._delete(Kind.WEB_ACL)

    def list_web_ac_ls(self) -> TYPE_RESPONSE:
        return self._list(Kind.WEB_ACL)

    def associate_web_acl(self) -> TYPE_RESPONSE:
        request = self._request()
        self.ours.associate_web_acl(request["WebACLArn"], request["ResourceArn"])
        return _answer({})

    def disassociate_web_acl(self) -> TYPE_RESPONSE:
        self.ours.disassociate_web_acl(self._request()["ResourceArn"])
        return _answer({})

    def get_web_acl_for_resource(self) -> TYPE_RESPONSE:
        item = self.ours.web_acl_of(self._request()["ResourceArn"])
        return _answer({"WebACL": item.show()} if item else {})

    def list_resources_for_web_acl(self) -> TYPE_RESPONSE:
        request, ours = self._request(), self.ours
        ours.find(Kind.WEB_ACL, {"ARN": request["WebACLArn"]})
        of_balancers = request.get("ResourceType", "APPLICATION_LOAD_BALANCER")
        found = ours.protected_by(request["WebACLArn"])
        return _answer(
            {"ResourceArns": found if of_balancers == "APPLICATION_LOAD_BALANCER" else []}
        )

    def check_capacity(self) -> TYPE_RESPONSE:
        return _answer({"Capacity": self.ours.check_capacity(self._request()["Rules"])})

    # -- rule groups

    def create_rule_group(self) -> TYPE_RESPONSE:
        return self._create(Kind.RULE_GROUP)

    def get_rule_group(self) -> TYPE_RESPONSE:
        return self._get(Kind.RULE_GROUP)

    def update_rule_group(self) -> TYPE_RESPONSE:
        return self._update(Kind.RULE_GROUP)

    def delete_rule_group(self) -> TYPE_RESPONSE:
        return self._delete(Kind.RULE_GROUP)

    def list_rule_groups(self) -> TYPE_RESPONSE:
        return self._list(Kind.RULE_GROUP)

    # -- IP sets

    def create_ip_set(self) -> TYPE_RESPONSE:
        return self._create(Kind.IP_SET)

    def get_ip_set(self) -> TYPE_RESPONSE:
        return self._get(Kind.IP_SET)

    def update_ip_set(self) -> TYPE_RESPONSE:
        return self._update(Kind.IP_SET)

    def delete_ip_set(self) -> TYPE_RESPONSE:
        return self._delete(Kind.IP_SET)

    def list_ip_sets(self) -> TYPE_RESPONSE:  # type: ignore[override]
        return self._list(Kind.IP_SET)

    # -- regex pattern sets

    def create_regex_pattern_set(self) -> TYPE_RESPONSE:
        return self._create(Kind.REGEX_SET)

    def get_regex_pattern_set(self) -> TYPE_RESPONSE:
        return self._get(Kind.REGEX_SET)

    def update_regex_pattern_set(self) -> TYPE_RESPONSE:
        return self._update(Kind.REGEX_SET)

    def delete_regex_pattern_set(self) -> TYPE_RESPONSE:
        return self._delete(Kind.REGEX_SET)

    def list_regex_pattern_sets(self) -> TYPE_RESPONSE:
        return self._list(Kind.REGEX_SET)

    # -- logs

    def put_logging_configuration(self) -> TYPE_RESPONSE:
        configuration = self._request()["LoggingConfiguration"]
        ours: Any = wafv2_backends[self.current_account][
            GLOBAL_REGION if ":global/" in configuration["ResourceArn"] else self.region
        ]
        return _answer({"LoggingConfiguration": ours.put_logging(configuration)})

    def get_logging_configuration(self) -> TYPE_RESPONSE:
        found = self.ours.logging_of(self._request()["ResourceArn"])
        return _answer({"LoggingConfiguration": found})

    def delete_logging_configuration(self) -> TYPE_RESPONSE:
        self.ours.stop_logging(self._request()["ResourceArn"])
        return _answer({})

    def list_logging_configurations(self) -> TYPE_RESPONSE:  # type: ignore[override]
        return self._page("LoggingConfigurations", list(self.ours.logging.values()))

    # -- tags

    def tag_resource(self) -> TYPE_RESPONSE:
        self._must_exist()
        return super().tag_resource()

    def untag_resource(self) -> TYPE_RESPONSE:
        self._must_exist()
        return super().untag_resource()

    def list_tags_for_resource(self) -> TYPE_RESPONSE:
        self._must_exist()
        return super().list_tags_for_resource()

    def _must_exist(self) -> None:
        arn = self._request()["ResourceARN"]
        region = GLOBAL_REGION if ":global/" in arn else self.region
        backend: Any = wafv2_backends[self.current_account][region]
        if arn not in backend.items:
            raise problems.nonexistent(arn)


def _answer(body: Json) -> TYPE_RESPONSE:
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body)
