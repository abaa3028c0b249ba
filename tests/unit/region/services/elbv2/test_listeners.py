"""Listeners, their certificates and rules, over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.api.saved import pickling
from drydock.region.services.elbv2 import Listener, Rule
from drydock.region.services.elbv2.operations import policies
from tests.support.plain_moto import plain_moto
from tests.support.served import REGION, Served
from tests.support.tls import self_signed

MISSING = f"arn:aws:acm:{REGION}:1:certificate/none"


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    with pytest.raises(ClientError, match=words or None) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


def certificate(served: Served, name: str = "a.test") -> str:
    """Import a certificate that signs itself → its ARN."""
    made = self_signed(name)
    answer = served.client("acm").import_certificate(
        Certificate=made.certificate, PrivateKey=made.key
    )
    return str(answer["CertificateArn"])


def https(served: Served, balancer: str, group: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = served.client("elbv2").create_listener(
        LoadBalancerArn=balancer,
        **{
            "Protocol": "HTTPS",
            "Port": 443,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
            **more,
        },
    )["Listeners"][0]
    return found


def in_use_by(served: Served, arn: str) -> list[str]:
    found = served.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    return list(found.get("InUseBy") or [])


def test_an_https_listener_has_one_certificate_and_a_policy(served: Served) -> None:
    balancer, group = served.balancer()
    arn = certificate(served)
    made = https(served, balancer, group, Certificates=[{"CertificateArn": arn}])
    assert made["SslPolicy"] == policies.DEFAULT == "ELBSecurityPolicy-2016-08"
    assert made["Certificates"] == [{"CertificateArn": arn}]
    assert made["MutualAuthentication"] == {"Mode": "off"}
    assert in_use_by(served, arn) == [balancer]
    plain, secure = served.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert secure == made
    assert not {"SslPolicy", "Certificates", "MutualAuthentication"}.intersection(plain)
    served.client("elbv2").delete_listener(ListenerArn=made["ListenerArn"])
    assert in_use_by(served, arn) == []


def test_what_a_listener_cannot_be(served: Served) -> None:
    balancer, group = served.balancer()
    good = [{"CertificateArn": certificate(served)}]
    pending = served.client("acm").request_certificate(DomainName="b.test", ValidationMethod="DNS")[
        "CertificateArn"
    ]

    def make(**more: Any) -> None:
        https(served, balancer, group, **more)

    with refused("ValidationError", "A certificate must be specified for HTTPS listeners"):
        make()
    with refused("UnsupportedCertificate", "must have a fully-qualified domain name"):
        make(Certificates=[{"CertificateArn": pending}])
    with refused("CertificateNotFound", "not found"):
        make(Certificates=[{"CertificateArn": MISSING}])
    with refused("CertificateNotFound"):
        make(Certificates=[{"CertificateArn": "arn:aws:iam::1:server-certificate/none"}])
    with refused("SSLPolicyNotFound"):
        make(Certificates=good, SslPolicy="ELBSecurityPolicy-none")
    with refused("OperationNotPermitted", "mutual TLS"):
        make(Certificates=good, MutualAuthentication={"Mode": "passthrough"})
    with refused("InvalidConfigurationRequest", "ALPN"):
        make(Certificates=good, AlpnPolicy=["HTTP2Preferred"])
    with refused("ValidationError", "A certificate cannot be specified for HTTP listeners"):
        make(Protocol="HTTP", Certificates=good)
    with refused("ValidationError", "An SSL policy cannot be specified for HTTP listeners"):
        make(Protocol="HTTP", SslPolicy=policies.DEFAULT)
    with refused("ValidationError", "'port' failed to satisfy constraint"):
        make(Port=65536, Certificates=good)
    with refused("DuplicateListener", "already exists"):
        make(Protocol="HTTP", Port=80)
    (only,) = served.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert only["Port"] == 80


def test_a_change_that_is_refused_changes_nothing(served: Served) -> None:
    balancer, group = served.balancer()
    elb, arn = served.client("elbv2"), certificate(served)
    made = https(served, balancer, group, Certificates=[{"CertificateArn": arn}])
    listener = made["ListenerArn"]
    for code, change in (
        ("TargetGroupNotFound", {"DefaultActions": [{"Type": "forward", "TargetGroupArn": "x"}]}),
        ("SSLPolicyNotFound", {"Port": 444, "SslPolicy": "none"}),
        ("DuplicateListener", {"Port": 80}),
        ("ValidationError", {"Protocol": "HTTP", "SslPolicy": policies.DEFAULT}),
        ("InvalidConfigurationRequest", {"AlpnPolicy": ["None"], "Port": 445}),
    ):
        with refused(code):
            elb.modify_listener(ListenerArn=listener, **change)
    assert elb.describe_listeners(ListenerArns=[listener])["Listeners"] == [made]
    plain = elb.modify_listener(ListenerArn=listener, Protocol="HTTP", Port=8080)["Listeners"][0]
    assert (plain["Protocol"], plain["Port"]) == ("HTTP", 8080)
    assert "Certificates" not in plain
    assert in_use_by(served, arn) == []


def test_more_certificates_by_name(served: Served) -> None:
    balancer, group = served.balancer()
    elb = served.client("elbv2")
    first, second = certificate(served), certificate(served, "b.test")
    listener = https(served, balancer, group, Certificates=[{"CertificateArn": first}])[
        "ListenerArn"
    ]

    def listed() -> list[tuple[str, bool]]:
        found = elb.describe_listener_certificates(ListenerArn=listener)["Certificates"]
        return [(one["CertificateArn"], one["IsDefault"]) for one in found]

    wanted = [{"CertificateArn": second}]
    assert listed() == [(first, True)]
    added = elb.add_listener_certificates(ListenerArn=listener, Certificates=wanted)
    assert added["Certificates"] == wanted
    elb.add_listener_certificates(ListenerArn=listener, Certificates=wanted)
    assert listed() == [(first, True), (second, False)]
    assert in_use_by(served, second) == [balancer]
    with refused("CertificateNotFound"):
        elb.add_listener_certificates(
            ListenerArn=listener, Certificates=[*wanted, {"CertificateArn": MISSING}]
        )
    elb.modify_listener(ListenerArn=listener, Certificates=wanted)
    assert listed() == [(second, True), (second, False)]
    with served.store.changing("elbv2"):
        found = served.store.backend("elbv2").listener(listener)
        found.certificates = [second, *(f"{MISSING}{number}" for number in range(25))]
    with refused("TooManyCertificates"):
        elb.add_listener_certificates(
            ListenerArn=listener, Certificates=[{"CertificateArn": first}]
        )
    with served.store.changing("elbv2"):
        found.certificates = [second, first]
    elb.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": first}])
    assert listed() == [(second, True)]
    with refused("OperationNotPermitted"):
        elb.remove_listener_certificates(ListenerArn=listener, Certificates=wanted)


def test_attributes_of_a_listener(served: Served) -> None:
    balancer, _ = served.balancer()
    elb = served.client("elbv2")
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    arn = listener["ListenerArn"]
    server = {"Key": "routing.http.response.server.enabled", "Value": "false"}
    elb.modify_listener_attributes(ListenerArn=arn, Attributes=[server])
    seen = elb.describe_listener_attributes(ListenerArn=arn)["Attributes"]
    assert server in seen
    assert len(seen) == 11
    with refused("InvalidConfigurationRequest", "not supported on HTTP listeners"):
        key = "routing.http.request.x_amzn_mtls_clientcert.header_name"
        elb.modify_listener_attributes(
            ListenerArn=arn, Attributes=[{**server, "Value": "true"}, {"Key": key, "Value": "A"}]
        )
    assert elb.describe_listener_attributes(ListenerArn=arn)["Attributes"] == seen


def test_policies_are_described(served: Served) -> None:
    elb = served.client("elbv2")
    every = elb.describe_ssl_policies()["SslPolicies"]
    assert [one["Name"] for one in every] == list(policies.POLICIES)
    (one,) = elb.describe_ssl_policies(Names=["ELBSecurityPolicy-FS-2018-06"])["SslPolicies"]
    assert one["SslProtocols"] == ["TLSv1.2", "TLSv1.1", "TLSv1"]
    assert one["Ciphers"][0] == {"Name": "ECDHE-ECDSA-AES128-GCM-SHA256", "Priority": 1}
    with refused("SSLPolicyNotFound"):
        elb.describe_ssl_policies(Names=["none"])
    page = elb.describe_ssl_policies(PageSize=30)
    rest = elb.describe_ssl_policies(PageSize=30, Marker=page["NextMarker"])
    assert [*page["SslPolicies"], *rest["SslPolicies"]] == every
    with plain_moto():
        import boto3

        plain = boto3.client(
            "elbv2", REGION, aws_access_key_id="a", aws_secret_access_key="b"
        ).describe_ssl_policies()["SslPolicies"]
    assert {one["Name"] for one in plain} < set(policies.POLICIES)


def rule(served: Served, listener: str, priority: int, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = served.client("elbv2").create_rule(
        ListenerArn=listener,
        Priority=priority,
        **{
            "Conditions": [{"Field": "path-pattern", "Values": [f"/{priority}"]}],
            "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
            **more,
        },
    )["Rules"][0]
    return found


@pytest.fixture
def listener(served: Served) -> str:
    balancer, _ = served.balancer()
    (found,) = served.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    return str(found["ListenerArn"])


def priorities(served: Served, listener: str) -> list[str]:
    found = served.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    return [one["Priority"] for one in found]


def test_rules_change_places_all_or_none(served: Served, listener: str) -> None:
    elb = served.client("elbv2")
    arns = {n: rule(served, listener, n)["RuleArn"] for n in (30, 10, 20)}
    assert priorities(served, listener) == ["10", "20", "30", "default"]

    def move(*pairs: tuple[int, int]) -> None:
        wanted = [{"RuleArn": arns[old], "Priority": new} for old, new in pairs]
        elb.set_rule_priorities(RulePriorities=wanted)

    with refused("PriorityInUse", "Priority '20' is currently in use"):
        move((30, 5), (10, 20))
    with refused("ValidationError"):
        move((30, 5), (10, 5))
    with refused("ValidationError", "less than or equal to 50000"):
        move((30, 50001))
    assert priorities(served, listener) == ["10", "20", "30", "default"]
    move((10, 20), (20, 10))
    shown = elb.describe_rules(ListenerArn=listener)["Rules"]
    assert [one["RuleArn"] for one in shown[:3]] == [arns[20], arns[10], arns[30]]
    with refused("PriorityInUse"):
        rule(served, listener, 30)


def test_the_default_rule_stays(served: Served, listener: str) -> None:
    elb = served.client("elbv2")
    (default,) = elb.describe_rules(ListenerArn=listener)["Rules"]
    assert default["IsDefault"]
    assert default["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"] == 1
    arn = default["RuleArn"]
    with refused("OperationNotPermitted", "cannot be deleted"):
        elb.delete_rule(RuleArn=arn)
    with refused("OperationNotPermitted", "cannot be modified"):
        elb.modify_rule(RuleArn=arn, Conditions=[{"Field": "path-pattern", "Values": ["/a"]}])
    with refused("RuleNotFound"):
        elb.delete_rule(RuleArn=arn + "0")


def test_transforms_are_kept_and_reset(served: Served, listener: str) -> None:
    elb = served.client("elbv2")
    config = {"Rewrites": [{"Regex": "^/a/(.*)$", "Replace": "/$1"}]}
    wanted = [{"Type": "url-rewrite", "UrlRewriteConfig": config}]
    made = rule(served, listener, 1, Transforms=wanted)
    assert made["Transforms"] == wanted
    arn = made["RuleArn"]
    elb.modify_rule(RuleArn=arn, Conditions=[{"Field": "path-pattern", "Values": ["/b"]}])
    (seen,) = elb.describe_rules(RuleArns=[arn])["Rules"]
    assert (seen["Transforms"], seen["Conditions"][0]["Values"]) == (wanted, ["/b"])
    with refused("ValidationError"):
        elb.modify_rule(RuleArn=arn, Transforms=wanted, ResetTransforms=True)
    assert elb.modify_rule(RuleArn=arn, ResetTransforms=True)["Rules"][0]["Transforms"] == []


def test_a_rule_that_is_refused_is_not_there(served: Served, listener: str) -> None:
    group = served.client("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    for code, more in (
        ("TargetGroupNotFound", {"Actions": [{"Type": "forward", "TargetGroupArn": group + "0"}]}),
        ("ValidationError", {"Conditions": []}),
        ("OperationNotPermitted", {"Actions": [{"Type": "authenticate-cognito"}]}),
        (
            "InvalidLoadBalancerAction",
            {"Actions": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]},
        ),
    ):
        with refused(code):
            rule(served, listener, 1, **more)
    with refused("ListenerNotFound"):
        rule(served, listener + "0", 1)
    assert priorities(served, listener) == ["default"]


def test_limits_of_a_load_balancer(
    served: Served, listener: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drydock.region.services.elbv2.operations import limits

    monkeypatch.setattr(limits, "RULES", 2)
    monkeypatch.setattr(limits, "LISTENERS", 1)
    monkeypatch.setattr(limits, "GROUPS_PER_BALANCER", 1)
    rule(served, listener, 1)
    rule(served, listener, 2)
    with refused("TooManyRules"):
        rule(served, listener, 3)
    balancer = listener.replace(":listener/", ":loadbalancer/").rsplit("/", 1)[0]
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    with refused("TooManyListeners"):
        https(served, balancer, "", Protocol="HTTP", Port=81, DefaultActions=fixed)
    elb = served.client("elbv2")
    other = elb.create_target_group(
        Name="other", Protocol="HTTP", Port=80, VpcId=served.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": other}]
    first = elb.describe_rules(ListenerArn=listener)["Rules"][0]["RuleArn"]
    with refused("TooManyUniqueTargetGroupsPerLoadBalancer"):
        elb.modify_rule(RuleArn=first, Actions=forward)
    # In place of the only one it may come.
    elb.modify_listener(ListenerArn=listener, DefaultActions=forward)


def test_records_survive_a_restart(served: Served) -> None:
    balancer, group = served.balancer()
    arn = certificate(served)
    made = https(served, balancer, group, Certificates=[{"CertificateArn": arn}])
    config = {"Rewrites": [{"Regex": "a", "Replace": "b"}]}
    transform = {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": config}
    rule(served, made["ListenerArn"], 1, Transforms=[transform])
    with served.store.locked():
        record = served.store.backend("elbv2").listener(made["ListenerArn"])
        again = pickling.loads(pickling.dumps(record))
    assert isinstance(again, Listener)
    assert (again.certificates, again.ssl_policy) == ([arn], policies.DEFAULT)
    assert again.attributes == record.attributes
    first = next(iter(again.rules.values()))
    assert isinstance(first, Rule)
    assert json.dumps(first.transforms) == json.dumps([transform])
    assert [one.arn for one in again.rules.values()] == [one.arn for one in record.rules.values()]
