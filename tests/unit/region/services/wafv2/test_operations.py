"""WAFv2: what is kept, refused, counted and associated."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.api.saved import pickling
from tests.support.served import Served

_numbers = itertools.count(1)
REGIONAL = {"Scope": "REGIONAL"}
NONE = [{"Priority": 0, "Type": "NONE"}]


def visible(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


def rule(statement: dict[str, Any], name: str = "one", **more: Any) -> dict[str, Any]:
    action: dict[str, Any] = {} if "OverrideAction" in more else {"Action": {"Block": {}}}
    priority = {"Priority": next(_numbers)}
    return {
        "Name": name,
        "Statement": statement,
        "VisibilityConfig": visible(name),
        **priority,
        **action,
        **more,
    }


def path_is(text: bytes = b"/admin", **more: Any) -> dict[str, Any]:
    return {
        "ByteMatchStatement": {
            "SearchString": text,
            "FieldToMatch": {"UriPath": {}},
            "TextTransformations": NONE,
            "PositionalConstraint": "EXACTLY",
            **more,
        }
    }


def create(served: Served, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    name = f"acl-{next(_numbers)}"
    wanted = {
        "Name": name,
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": visible(name),
        "Rules": list(rules),
        **REGIONAL,
        **more,
    }
    found: dict[str, Any] = served.client("wafv2").create_web_acl(**wanted)["Summary"]
    return found


def named(summary: dict[str, Any]) -> dict[str, Any]:
    return {"Name": summary["Name"], "Id": summary["Id"], **REGIONAL}


def locked(summary: dict[str, Any]) -> dict[str, Any]:
    return {**named(summary), "LockToken": summary["LockToken"]}


def ip_set(served: Served, *addresses: str) -> dict[str, Any]:
    name = f"set-{next(_numbers)}"
    found: dict[str, Any] = served.client("wafv2").create_ip_set(
        Name=name, IPAddressVersion="IPV4", Addresses=list(addresses), **REGIONAL
    )["Summary"]
    return found


def code(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


def balancer(served: Served) -> str:
    found = served.client("elbv2").create_load_balancer(
        Name=f"lb-{next(_numbers)}", Subnets=served.subnets[:2]
    )
    return str(found["LoadBalancers"][0]["LoadBalancerArn"])


def test_everything_that_was_said_of_a_web_acl_reads_back(served: Served) -> None:
    waf = served.client("wafv2")
    addresses = ip_set(served, "192.0.2.0/24")
    rules = [
        rule(path_is(), "bytes", RuleLabels=[{"Name": "ns:seen"}], CaptchaConfig={"ImmunityTimeProperty": {"ImmunityTime": 300}}),
        rule({"IPSetReferenceStatement": {"ARN": addresses["ARN"], "IPSetForwardedIPConfig": {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH", "Position": "ANY"}}}, "ips"),
        rule({"RateBasedStatement": {"Limit": 100, "EvaluationWindowSec": 120, "AggregateKeyType": "IP", "ScopeDownStatement": {"NotStatement": {"Statement": path_is()}}}}, "rate"),
        rule(
            {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet", "Version": "Version_1.0", "RuleActionOverrides": [{"Name": "x", "ActionToUse": {"Challenge": {}}}]}},
            "managed",
            OverrideAction={"None": {}},
        ),
    ]  # fmt: skip
    more = {
        "Description": "what it is for",
        "CustomResponseBodies": {"no": {"ContentType": "TEXT_PLAIN", "Content": "no"}},
        "TokenDomains": ["example.test"],
        "CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": 60}},
        "AssociationConfig": {"RequestBody": {"CLOUDFRONT": {"DefaultSizeInspectionLimit": "KB_16"}}},
        "DefaultAction": {"Block": {"CustomResponse": {"ResponseCode": 429, "CustomResponseBodyKey": "no"}}},
    }  # fmt: skip
    made = create(served, *rules, Tags=[{"Key": "k", "Value": "v"}], **more)
    answer = waf.get_web_acl(**named(made))
    shown = answer["WebACL"]
    assert answer["LockToken"] == made["LockToken"]
    assert shown["Rules"] == rules
    assert {name: shown[name] for name in more} == more
    assert shown["LabelNamespace"].endswith(f":webacl:{made['Name']}:")
    # 2 for the bytes (twice), 5 for addresses anywhere, 2 for the rate, 700 for the managed group
    assert shown["Capacity"] == 2 + 5 + 2 + 2 + 700
    tags = waf.list_tags_for_resource(ResourceARN=made["ARN"])["TagInfoForResource"]["TagList"]
    assert tags == [{"Key": "k", "Value": "v"}]
    assert made["Name"] in [one["Name"] for one in waf.list_web_acls(**REGIONAL)["WebACLs"]]


def test_an_update_needs_the_lock_token_and_replaces_everything(served: Served) -> None:
    waf = served.client("wafv2")
    made = create(served, rule(path_is()), Description="first")
    wanted = {"DefaultAction": {"Block": {}}, "VisibilityConfig": visible("m"), "Rules": []}
    token = waf.update_web_acl(**locked(made), **wanted)["NextLockToken"]
    with pytest.raises(ClientError) as raised:
        waf.update_web_acl(**locked(made), **wanted)
    assert code(raised) == "WAFOptimisticLockException"
    shown = waf.get_web_acl(**named(made))["WebACL"]
    assert (shown["Rules"], shown["DefaultAction"], shown["Capacity"]) == ([], {"Block": {}}, 0)
    assert "Description" not in shown
    with pytest.raises(ClientError) as raised:
        waf.delete_web_acl(**locked(made))
    assert code(raised) == "WAFOptimisticLockException"
    waf.delete_web_acl(**named(made), LockToken=token)
    with pytest.raises(ClientError) as raised:
        waf.get_web_acl(**named(made))
    assert code(raised) == "WAFNonexistentItemException"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"GeoMatchStatement": {"CountryCodes": ["AQ"]}}, "country"),
        ({"SqliMatchStatement": {"FieldToMatch": {"QueryString": {}}, "TextTransformations": NONE}}, "SQL injection"),
        ({"XssMatchStatement": {"FieldToMatch": {"QueryString": {}}, "TextTransformations": NONE}}, "cross-site"),
        ({"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}}}, "country"),
        ({"LabelMatchStatement": {"Scope": "LABEL", "Key": "awswaf:managed:aws:bot"}}, "managed rule groups"),
        (path_is(FieldToMatch={"JA3Fingerprint": {"FallbackBehavior": "MATCH"}}), "JA3Fingerprint"),
        (path_is(FieldToMatch={"JsonBody": {"MatchPattern": {"All": {}}, "MatchScope": "ALL"}}), "JsonBody"),
        (path_is(FieldToMatch={"Headers": {"MatchPattern": {"ExcludedHeaders": ["a"]}, "MatchScope": "ALL", "OversizeHandling": "MATCH"}}), "ExcludedHeaders"),
        (path_is(TextTransformations=[{"Priority": 0, "Type": "CMD_LINE"}]), "CMD_LINE"),
        ({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CUSTOM_KEYS", "CustomKeys": [{"HTTPMethod": {}}]}}, "custom keys"),
        ({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CONSTANT"}}, "ScopeDown"),
        ({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP", "EvaluationWindowSec": 61}}, "EvaluationWindowSec"),
        ({"NotStatement": {"Statement": {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP"}}}}, "nested"),
        ({**path_is(), "LabelMatchStatement": {"Scope": "LABEL", "Key": "a"}}, "exactly one"),
        (path_is(b"a b", PositionalConstraint="CONTAINS_WORD"), "letters"),
        ({"RegexMatchStatement": {"RegexString": "(", "FieldToMatch": {"UriPath": {}}, "TextTransformations": NONE}}, "regular expression"),
        ({"RegexMatchStatement": {"RegexString": "a(?=b)", "FieldToMatch": {"UriPath": {}}, "TextTransformations": NONE}}, "assertions"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_or_makes_no_sense_is_refused_with_the_rules_name(
    served: Served, statement: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words) as raised:
        create(served, rule(statement, "the-rule"))
    assert code(raised) == "WAFInvalidParameterException"
    assert "the-rule" in str(raised.value)
    assert served.client("wafv2").list_web_acls(**REGIONAL)["WebACLs"] == []


def test_actions_that_cannot_be_taken_are_refused(served: Served) -> None:
    actions: list[dict[str, Any]] = [
        {"Captcha": {}},
        {"Challenge": {}},
        {},
        {"Allow": {}, "Block": {}},
    ]
    for action in actions:
        with pytest.raises(ClientError) as raised:
            create(served, rule(path_is(), Action=action))
        assert code(raised) == "WAFInvalidParameterException"
    missing = {"Block": {"CustomResponse": {"ResponseCode": 403, "CustomResponseBodyKey": "no"}}}
    with pytest.raises(ClientError, match="custom response body"):
        create(served, rule(path_is(), Action=missing))
    with pytest.raises(ClientError, match="OverrideAction"):
        create(served, rule({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "A"}}))


def test_names_and_priorities_differ(served: Served) -> None:
    with pytest.raises(ClientError, match="same Name"):
        create(served, rule(path_is(), "a"), rule(path_is(), "a"))
    with pytest.raises(ClientError, match="same Priority"):
        create(served, rule(path_is(), "a", Priority=1), rule(path_is(), "b", Priority=1))
    made = create(served)
    with pytest.raises(ClientError) as raised:
        create(served, Name=made["Name"])
    assert code(raised) == "WAFDuplicateItemException"
    with pytest.raises(ClientError, match="regular expression pattern"):
        create(served, Name="not a name")


def test_sets_keep_what_they_are_told_and_refuse_the_rest(served: Served) -> None:
    waf = served.client("wafv2")
    made = ip_set(served)
    shown = waf.get_ip_set(**named(made))
    assert shown["IPSet"]["Addresses"] == []
    token = waf.update_ip_set(**locked(made), Addresses=["10.0.0.0/8"])["NextLockToken"]
    shown = waf.get_ip_set(**named(made))
    assert (shown["LockToken"], shown["IPSet"]["Addresses"]) == (token, ["10.0.0.0/8"])
    assert shown["IPSet"]["IPAddressVersion"] == "IPV4"
    for wrong in ("10.0.0.1", "0.0.0.0/0", "2001:db8::/32", "x/8"):
        with pytest.raises(ClientError) as raised:
            ip_set(served, wrong)
        assert code(raised) == "WAFInvalidParameterException"
    regexes = [{"RegexString": "^a+$"}, {"RegexString": "[[:alpha:]]{3}"}]
    kept = waf.create_regex_pattern_set(Name="rx", RegularExpressionList=regexes, **REGIONAL)
    shown = waf.get_regex_pattern_set(**named(kept["Summary"]))["RegexPatternSet"]
    assert shown["RegularExpressionList"] == regexes
    with pytest.raises(ClientError) as raised:
        waf.update_regex_pattern_set(
            **locked(kept["Summary"]), RegularExpressionList=[{"RegexString": "a"}] * 11
        )
    assert code(raised) == "WAFLimitsExceededException"


def test_what_is_referred_to_must_be_there_and_stays(served: Served) -> None:
    waf = served.client("wafv2")
    addresses = ip_set(served, "10.0.0.0/8")
    with pytest.raises(ClientError) as raised:
        create(served, rule({"IPSetReferenceStatement": {"ARN": addresses["ARN"] + "x"}}))
    assert code(raised) == "WAFNonexistentItemException"
    inner = rule(
        {"NotStatement": {"Statement": {"IPSetReferenceStatement": {"ARN": addresses["ARN"]}}}}
    )
    group = waf.create_rule_group(
        Name="group", Capacity=50, Rules=[inner], VisibilityConfig=visible("g"), **REGIONAL
    )["Summary"]
    acl = create(
        served,
        rule({"RuleGroupReferenceStatement": {"ARN": group["ARN"]}}, OverrideAction={"Count": {}}),
    )
    assert waf.get_web_acl(**named(acl))["WebACL"]["Capacity"] == 50
    for delete, one in ((waf.delete_ip_set, addresses), (waf.delete_rule_group, group)):
        with pytest.raises(ClientError) as raised:
            delete(**locked(one))
        assert code(raised) == "WAFAssociatedItemException"
    waf.delete_web_acl(**locked(acl))
    waf.delete_rule_group(**locked(group))
    waf.delete_ip_set(**locked(addresses))


def test_a_rule_group_needs_the_capacity_of_its_rules(served: Served) -> None:
    waf = served.client("wafv2")
    lower = [{"Priority": 0, "Type": "LOWERCASE"}]
    rules = [
        rule(path_is(TextTransformations=lower), "a"),
        rule(path_is(b"/b", TextTransformations=lower, PositionalConstraint="CONTAINS"), "b"),
    ]
    # 2 and 10, and 10 once: both look at the same transformed part
    assert waf.check_capacity(Rules=rules, **REGIONAL)["Capacity"] == 22
    wanted = {"Name": "small", "VisibilityConfig": visible("g"), "Rules": rules, **REGIONAL}
    with pytest.raises(ClientError) as raised:
        waf.create_rule_group(Capacity=21, **wanted)
    assert code(raised) == "WAFLimitsExceededException"
    made = waf.create_rule_group(Capacity=22, **wanted)["Summary"]
    assert waf.get_rule_group(ARN=made["ARN"])["RuleGroup"]["Capacity"] == 22
    waf.update_rule_group(**locked(made), Rules=[], VisibilityConfig=visible("g"))
    shown = waf.get_rule_group(**named(made))["RuleGroup"]
    assert (shown["Rules"], shown["Capacity"]) == ([], 22)


def test_a_load_balancer_has_one_web_acl(served: Served) -> None:
    waf, arn = served.client("wafv2"), balancer(served)
    one, two = create(served), create(served)
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=arn)
    waf.associate_web_acl(WebACLArn=one["ARN"], ResourceArn=arn)
    waf.associate_web_acl(WebACLArn=two["ARN"], ResourceArn=arn)
    assert waf.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["ARN"] == two["ARN"]
    assert waf.list_resources_for_web_acl(WebACLArn=one["ARN"])["ResourceArns"] == []
    assert waf.list_resources_for_web_acl(WebACLArn=two["ARN"])["ResourceArns"] == [arn]
    with pytest.raises(ClientError) as raised:
        waf.delete_web_acl(**locked(two))
    assert code(raised) == "WAFAssociatedItemException"
    waf.disassociate_web_acl(ResourceArn=arn)
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=arn)
    waf.delete_web_acl(**locked(two))
    waf.associate_web_acl(WebACLArn=one["ARN"], ResourceArn=arn)
    served.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    waf.delete_web_acl(**locked(one))
    with pytest.raises(ClientError) as raised:
        waf.associate_web_acl(WebACLArn=create(served)["ARN"], ResourceArn=arn)
    assert code(raised) == "WAFUnavailableEntityException"


def test_a_logging_configuration_is_kept_and_goes_with_its_web_acl(served: Served) -> None:
    waf, acl = served.client("wafv2"), create(served)
    group = "arn:aws:logs:ap-southeast-2:123456789012:log-group:"
    wanted = {
        "ResourceArn": acl["ARN"],
        "LogDestinationConfigs": [f"{group}aws-waf-logs-x"],
        "RedactedFields": [{"SingleHeader": {"Name": "cookie"}}],
        "LoggingFilter": {
            "DefaultBehavior": "KEEP",
            "Filters": [
                {
                    "Behavior": "DROP",
                    "Requirement": "MEETS_ALL",
                    "Conditions": [{"ActionCondition": {"Action": "ALLOW"}}],
                }
            ],
        },
    }
    waf.put_logging_configuration(LoggingConfiguration=wanted)
    kept = waf.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    assert {name: kept[name] for name in wanted} == wanted
    assert len(waf.list_logging_configurations(**REGIONAL)["LoggingConfigurations"]) == 1
    with pytest.raises(ClientError, match="aws-waf-logs-"):
        waf.put_logging_configuration(
            LoggingConfiguration={**wanted, "LogDestinationConfigs": [f"{group}other"]}
        )
    waf.delete_web_acl(**locked(acl))
    with pytest.raises(ClientError) as raised:
        waf.get_logging_configuration(ResourceArn=acl["ARN"])
    assert code(raised) == "WAFNonexistentItemException"


def test_cloudfronts_are_apart_and_everything_survives_being_saved(served: Served) -> None:
    waf = served.client("wafv2")
    acl = create(served, rule(path_is()))
    there = create(served, Scope="CLOUDFRONT")
    assert ":us-east-1:" in there["ARN"]
    assert ":global/webacl/" in there["ARN"]
    assert [one["ARN"] for one in waf.list_web_acls(**REGIONAL)["WebACLs"]] == [acl["ARN"]]
    ours = served.store.backend("wafv2")
    again = pickling.loads(pickling.dumps({"items": ours.items}))["items"]
    assert again == ours.items
