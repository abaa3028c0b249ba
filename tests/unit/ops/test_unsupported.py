"""What a local region takes and does not do."""

from __future__ import annotations

from typing import Any

from drydock.ops.unsupported import Absence, absences


class Waf:
    """Two pages of web ACLs; the second one names a managed group."""

    def list_web_acls(self, Scope: str, NextMarker: str = "") -> dict[str, Any]:  # noqa: N803
        assert Scope == "REGIONAL"
        if NextMarker:
            return {"WebACLs": [{"Name": "guarded", "Id": "2"}]}
        return {"WebACLs": [{"Name": "plain", "Id": "1"}], "NextMarker": "more"}

    def list_logging_configurations(self, Scope: str) -> dict[str, Any]:  # noqa: N803
        assert Scope == "REGIONAL"
        one = {
            "ResourceArn": "arn:x:regional/webacl/guarded/2",
            "LogDestinationConfigs": ["a", "b"],
        }
        return {"LoggingConfigurations": [one]}

    def get_web_acl(self, Name: str, Id: str, Scope: str) -> dict[str, Any]:  # noqa: N803
        assert Scope == "REGIONAL"
        group = {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
        managed = [{"Statement": {"ManagedRuleGroupStatement": group}}] if Id == "2" else []
        own = {"Statement": {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}}
        return {"WebACL": {"Name": Name, "Rules": [own, *managed]}}


class Elb:
    """One load balancer with a listener of each kind."""

    def get_paginator(self, operation: str) -> Any:
        listeners = [
            {"Port": 80, "Protocol": "HTTP"},
            {"Port": 443, "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"},
            {"Port": 8443, "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
        ]
        balancers = [{"LoadBalancerName": "web", "LoadBalancerArn": "arn"}]
        pages = {
            "describe_load_balancers": [{"LoadBalancers": balancers}],
            "describe_listeners": [{"Listeners": listeners}],
        }

        class Paginator:
            def paginate(self, **_asked: str) -> Any:
                return pages[operation]

        return Paginator()


def test_managed_groups_and_post_quantum_policies_are_named_and_nothing_else() -> None:
    assert absences(Elb(), Waf()) == [
        Absence(
            "web ACL guarded",
            "managed rule groups are accepted and judge nothing here: AWSManagedRulesCommonRuleSet",
        ),
        Absence("web ACL guarded", "its logs are not written here: a, b"),
        Absence(
            "listener web:443",
            "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 offers post-quantum key exchange on AWS; "
            "here the classical one alone is agreed on",
        ),
    ]
