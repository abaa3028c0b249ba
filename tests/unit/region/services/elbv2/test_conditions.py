"""What a rule's conditions, actions and transforms may be."""

from __future__ import annotations

from typing import Any

import pytest
from moto.elbv2.exceptions import ELBClientError

from drydock.region.services.elbv2.operations import actions, conditions, transforms

GROUP = "arn:aws:elasticloadbalancing:ap-southeast-2:1:targetgroup/a/1"


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def header(name: str, *values: str) -> dict[str, Any]:
    config = {"HttpHeaderName": name, "Values": list(values)}
    return {"Field": "http-header", "HttpHeaderConfig": config}


def query(*pairs: dict[str, str]) -> dict[str, Any]:
    return {"Field": "query-string", "QueryStringConfig": {"Values": list(pairs)}}


def method(*values: str) -> dict[str, Any]:
    return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": list(values)}}


def source(*values: str) -> dict[str, Any]:
    return {"Field": "source-ip", "SourceIpConfig": {"Values": list(values)}}


def test_both_forms_of_a_condition_read_back_as_both() -> None:
    short = {"Field": "path-pattern", "Values": ["/a"]}
    both = {**short, "PathPatternConfig": {"Values": ["/a"]}}
    assert conditions.checked([short]) == [both]
    assert conditions.checked([path("/a")]) == [both]
    assert conditions.checked([both]) == [both]


def test_every_kind_of_condition_is_accepted() -> None:
    wanted = [
        host("*.a.test"),
        path("/x?"),
        header("X-A", "b"),
        source("10.0.0.0/8"),
        method("GET"),
    ]
    assert [one["Field"] for one in conditions.checked(wanted)] == [one["Field"] for one in wanted]
    pairs = query({"Key": "k", "Value": "v"}, {"Value": "w"})
    assert conditions.checked([pairs, header("a", "b"), header("c", "d")])[0] == pairs


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([], "At least one condition"),
        ([{"Field": "weather"}], "must be one of"),
        ([path()], "A condition value must be specified"),
        ([{"Field": "path-pattern", "Values": ["/a", "/b"]}], "too many values"),
        ([{**path("/a"), "Values": ["/b"]}], "cannot provide both"),
        ([{"Field": "source-ip", "Values": ["10.0.0.0/8"]}], "not compatible"),
        ([{**path("/a"), **host("a.test"), "Field": "path-pattern"}], "not compatible"),
        ([path("/a"), path("/b")], "only have one 'path-pattern'"),
        ([path("/" + "a" * 128)], "too long"),
        ([path("/a<b>")], "not valid"),
        ([host("a_b.test")], "not valid"),
        ([path("/1", "/2", "/3", "/4", "/5", "/6")], "only have '5' condition values"),
        ([path("/1", "/2", "/3"), host("a.b", "c.d", "e.f")], "only have '5' condition values"),
        ([path("/*/*/*"), host("*.*.*")], "only have '5' condition wildcards"),
        ([header("Host", "a")], "host-header"),
        ([header("a b", "c")], "not valid"),
        ([header("a" * 41, "c")], "too long"),
        ([method("get")], "not valid"),
        ([source("10.0.0.1")], "not a valid CIDR"),
        ([source("10.0.0.0/33")], "not a valid CIDR"),
        ([query({"Key": "k"})], "A 'Value' must be specified"),
        (
            [{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["a"]}}],
            "does not serve",
        ),
    ],
)
def test_conditions_that_are_refused(wanted: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ELBClientError, match=words):
        conditions.checked(wanted)


def test_escaped_wildcards_of_a_query_do_not_count() -> None:
    wanted = [query({"Key": r"\*\*\*", "Value": r"\?\?\?*"})]
    assert conditions.checked(wanted) == wanted


def test_a_forward_reads_back_in_full() -> None:
    (one,) = actions.checked([{"Type": "forward", "TargetGroupArn": GROUP}], "HTTP", 80)
    assert one == {
        "Type": "forward",
        "TargetGroupArn": GROUP,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": False},
        },
    }
    assert actions.checked([one], "HTTP", 80) == [one]
    assert actions.groups([one]) == [GROUP]


def forward(*weights: int, **stickiness: Any) -> dict[str, Any]:
    groups = [{"TargetGroupArn": f"{GROUP}{n}", "Weight": one} for n, one in enumerate(weights)]
    config = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
    return {"Type": "forward", "ForwardConfig": config}


def redirect(**config: Any) -> dict[str, Any]:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **config}}


FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ([], "ValidationError"),
        ([FIXED, FIXED], "TooManyActions"),
        ([{"Type": "dance"}], "ValidationError"),
        ([{"Type": "authenticate-oidc"}, FIXED], "OperationNotPermitted"),
        ([{"Type": "authenticate-cognito"}, FIXED], "OperationNotPermitted"),
        ([{"Type": "forward"}], "InvalidLoadBalancerAction"),
        ([forward(1, 1, 1, 1, 1, 1)], "TooManyTargetGroups"),
        ([forward(1000)], "ValidationError"),
        ([forward(1, 1, Enabled=True)], "ValidationError"),
        ([forward(1, 1, Enabled=True, DurationSeconds=604801)], "ValidationError"),
        ([{**forward(1), "TargetGroupArn": GROUP}], "ValidationError"),
        ([{"Type": "redirect"}], "InvalidLoadBalancerAction"),
        ([{**FIXED, "Type": "redirect"}], "InvalidLoadBalancerAction"),
        ([redirect()], "InvalidLoadBalancerAction"),
        ([redirect(Protocol="HTTP", Port="80")], "InvalidLoadBalancerAction"),
        ([redirect(Port="443x")], "InvalidLoadBalancerAction"),
        ([redirect(Path="x")], "InvalidLoadBalancerAction"),
        ([redirect(Path="/#{query}")], "InvalidLoadBalancerAction"),
        ([redirect(Host="#{path}")], "InvalidLoadBalancerAction"),
        ([redirect(Query="?a=b")], "InvalidLoadBalancerAction"),
        (
            [{**FIXED, "FixedResponseConfig": {"StatusCode": "200", "ContentType": "a/b"}}],
            "InvalidLoadBalancerAction",
        ),
    ],
)
def test_actions_that_are_refused(wanted: list[dict[str, Any]], code: str) -> None:
    with pytest.raises(ELBClientError) as caught:
        actions.checked(wanted, "HTTP", 80)
    assert caught.value.code == code


def test_redirects_that_lead_elsewhere() -> None:
    (one,) = actions.checked([redirect(Protocol="HTTPS", Port="443")], "HTTP", 80)
    assert one["RedirectConfig"] == {
        "StatusCode": "HTTP_301",
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
    assert actions.checked([redirect(Host="www.#{host}")], "HTTP", 80)
    with pytest.raises(ELBClientError, match="loop"):
        actions.checked([redirect(Protocol="HTTPS", Port="443")], "HTTPS", 443)
    with pytest.raises(ELBClientError, match="cannot be redirected to HTTP"):
        actions.checked([redirect(Protocol="HTTP", Port="80")], "HTTPS", 443)


def rewrite(regex: str = "^/a", replace: str = "/b") -> dict[str, Any]:
    config = {"Rewrites": [{"Regex": regex, "Replace": replace}]}
    return {"Type": "url-rewrite", "UrlRewriteConfig": config}


def test_transforms() -> None:
    assert transforms.checked([rewrite(r"^/(\d+)/(.*)$", "/$2")]) == [
        rewrite(r"^/(\d+)/(.*)$", "/$2")
    ]
    for wanted, words in (
        ([rewrite(), rewrite()], "only have one"),
        ([rewrite("(")], "not valid"),
        ([rewrite("(?=a)")], "not supported"),
        ([rewrite(r"(a)\1")], "not supported"),
        ([rewrite("a" * 1025)], "limited"),
        ([{"Type": "url-rewrite"}], "exactly one rewrite"),
        ([{**rewrite(), "Type": "host-header-rewrite"}], "not compatible"),
    ):
        with pytest.raises(ELBClientError, match=words):
            transforms.checked(wanted)
