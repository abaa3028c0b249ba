"""Requests that AWS refuses by its model are refused with its codes and words, in each protocol."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from drydock.region.api.operations import Environ, identify
from drydock.region.api.validation import refuse
from drydock.region.api.validation.bodies import LARGEST

FORM = "application/x-www-form-urlencoded"


def request(
    scope: str,
    body: bytes | str = b"",
    *,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    target: str = "",
    content_type: str = "",
    **headers: str,
) -> Environ:
    """The WSGI environ of a request."""
    sent = body.encode() if isinstance(body, str) else body
    environ: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4566",
        "HTTP_HOST": "127.0.0.1:4566",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=A/20260101/ap-southeast-2/{scope}/aws4_request, X",
        "CONTENT_LENGTH": str(len(sent)),
        "wsgi.input": io.BytesIO(sent),
        "wsgi.url_scheme": "http",
    }
    if target:
        environ["HTTP_X_AMZ_TARGET"] = target
        environ["CONTENT_TYPE"] = "application/x-amz-json-1.1"
    if content_type:
        environ["CONTENT_TYPE"] = content_type
    return environ | {f"HTTP_{name.upper()}": value for name, value in headers.items()}


def form(scope: str, **parameters: str) -> Environ:
    named = {name.replace("__", "."): value for name, value in parameters.items()}
    return request(scope, urlencode(named), content_type=FORM)


def ecs(operation: str, **members: Any) -> Environ:
    target = f"AmazonEC2ContainerServiceV20141113.{operation}"
    return request("ecs", json.dumps(members), target=target)


def ssm(operation: str, body: str) -> Environ:
    return request("ssm", body, target=f"AmazonSSM.{operation}")


def answered(environ: Environ) -> tuple[int, str]:
    answer = refuse(environ, identify(environ))
    assert answer is not None
    return answer[0], answer[2].decode()


REFUSALS: list[tuple[str, Environ, int, list[str]]] = [
    (
        "json: a member that is missing",
        ssm("PutParameter", "{}"),
        400,
        ["ValidationException", "2 validation errors detected: ", "Value null at 'name'"],
    ),
    (
        "json: text for a number",
        ssm("DescribeParameters", '{"MaxResults": "ten"}'),
        400,
        ["SerializationException", "STRING_VALUE can not be converted to an Integer"],
    ),
    (
        "json: a list for a structure",
        ssm("PutParameter", '{"Name": ["a"], "Value": "b"}'),
        400,
        ["SerializationException", "Start of list found where not expected"],
    ),
    (
        "json: a range",
        ssm("DescribeParameters", '{"MaxResults": 51}'),
        400,
        ["Value '51' at 'maxResults'", "Member must have value less than or equal to 50"],
    ),
    (
        "json: a value of an enumeration, with the service's own code",
        ecs("ListTasks", desiredStatus="GONE"),
        400,
        [
            "InvalidParameterException",
            "Member must satisfy enum value set: [RUNNING, PENDING, STOPPED]",
        ],
    ),
    (
        "json: a member of a list",
        ecs("CreateCluster", tags=[{"key": "k" * 129}]),
        400,
        ["at 'tags.1.member.key'", "less than or equal to 128"],
    ),
    ("json: no JSON", ssm("PutParameter", "{"), 400, ["SerializationException"]),
    ("json: no object", ssm("PutParameter", "[]"), 400, ["SerializationException"]),
    ("json: deep", ssm("PutParameter", "[" * 100_000), 400, ["SerializationException", "nested"]),
    ("json: an unknown operation", ssm("Nonsense", "{}"), 400, ["UnknownOperationException"]),
    (
        "json: another service's target",
        request("ssm", "{}", target="AmazonSQS.ListQueues"),
        400,
        ["UnknownOperationException"],
    ),
    ("query: no action", request("iam", ""), 400, ["<ErrorResponse>", "InvalidAction"]),
    ("json: no target", request("ssm", "{}"), 400, ["UnknownOperationException"]),
    (
        "query: a member that is missing",
        form("iam", Action="GetRole"),
        400,
        [
            "<Code>ValidationError</Code>",
            "<Type>Sender</Type>",
            "Value null at 'roleName'",
        ],
    ),
    (
        "query: RDS names the parameter",
        form("rds", Action="CreateDBCluster", Engine="aurora-postgresql"),
        400,
        ["MissingParameter", "The request must contain the parameter DBClusterIdentifier"],
    ),
    (
        "query: a number",
        form("rds", Action="DescribeDBClusters", MaxRecords="many"),
        400,
        ["MalformedInput", "For input string"],
    ),
    (
        "query: an enumeration in a list",
        form("elasticloadbalancing", Action="CreateLoadBalancer", Name="a", Scheme="nowhere"),
        400,
        ["ValidationError", "[internet-facing, internal]"],
    ),
    ("query: an unknown action", form("rds", Action="Nonsense"), 400, ["InvalidAction"]),
    (
        "ec2: a member that is missing",
        form("ec2", Action="CreateSubnet", CidrBlock="10.0.0.0/24"),
        400,
        ["<Response><Errors>", "MissingParameter", "must contain the parameter VpcId"],
    ),
    (
        "ec2: a number",
        form("ec2", Action="DescribeVpcs", MaxResults="many"),
        400,
        ["InvalidParameterValue", "Value (many) for parameter MaxResults"],
    ),
    (
        "ec2: an unknown action",
        form("ec2", Action="Nonsense"),
        400,
        ["InvalidAction", "The action Nonsense is not valid for this web service."],
    ),
    (
        "form: more parameters than are taken",
        request("ec2", "Action=DescribeVpcs&" + "a=1&" * 200_000, content_type=FORM),
        413,
        ["RequestEntityTooLarge"],
    ),
    (
        "rest-json: a range in the address",
        request(
            "elasticfilesystem", method="GET", path="/2015-02-01/file-systems", query="MaxItems=0"
        ),
        400,
        ["ValidationException", "greater than or equal to 1"],
    ),
    (
        "rest-json: a member that is missing",
        request("scheduler", "{}", path="/schedules/nightly"),
        400,
        ["ValidationException", "Value null at 'scheduleExpression'"],
    ),
    (
        "rest-json: no such address",
        request("backup", method="GET", path="/nonsense/at/all"),
        404,
        ["UnknownOperationException"],
    ),
    (
        "rest-xml: a member that is missing",
        request(
            "route53",
            '<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
            "<Name>example.com</Name></CreateHostedZoneRequest>",
            path="/2013-04-01/hostedzone",
        ),
        400,
        ["InvalidInput", "Value null at 'callerReference'"],
    ),
    (
        "rest-xml: entities",
        request(
            "route53",
            '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
            path="/2013-04-01/hostedzone",
        ),
        400,
        ["MalformedInput", "document type"],
    ),
    (
        "s3: entities",
        request(
            "s3",
            '<!DOCTYPE a [<!ENTITY b "lol">]><a>&b;</a>',
            method="PUT",
            path="/bucket/",
            query="tagging",
        ),
        400,
        ["MalformedXML"],
    ),
    (
        "s3: XML that lacks a member",
        request("s3", "<Tagging></Tagging>", method="PUT", path="/bucket/", query="tagging"),
        400,
        ["MalformedXML", "did not validate against our published schema"],
    ),
    (
        "s3: a number in the address",
        request("s3", method="GET", path="/bucket", query="list-type=2&max-keys=many"),
        400,
        ["InvalidArgument", "maxKeys"],
    ),
    (
        "a body that is too large",
        request("ssm", target="AmazonSSM.PutParameter") | {"CONTENT_LENGTH": str(LARGEST + 1)},
        413,
        ["RequestEntityTooLargeException"],
    ),
    (
        "a packed body that is damaged",
        request("ssm", b"\x1f\x8bno", target="AmazonSSM.PutParameter", content_encoding="gzip"),
        400,
        ["InvalidRequest"],
    ),
    (
        "a service that is not run",
        request("lambda", method="GET", path="/2015-03-31/functions"),
        501,
        ["NotImplemented", "AWS Lambda", "run the code as an ECS task"],
    ),
    (
        "classic load balancers, which have the scope of the others",
        form("elasticloadbalancing", Action="DescribeLoadBalancers", Version="2012-06-01"),
        501,
        ["NotImplemented", "use an application load balancer"],
    ),
    (
        "a service that nobody knows",
        request("nosuchthing", method="GET"),
        501,
        ["NotImplemented", "nosuchthing"],
    ),
]


@pytest.mark.parametrize(
    ("environ", "status", "words"),
    [case[1:] for case in REFUSALS],
    ids=[case[0] for case in REFUSALS],
)
def test_it_is_refused_as_aws_refuses_it(environ: Environ, status: int, words: list[str]) -> None:
    found, body = answered(environ)
    assert found == status
    for one in words:
        assert one in body


TAKEN: list[tuple[str, Environ]] = [
    ("ecs", ecs("CreateCluster", clusterName="app", tags=[{"key": "a", "value": ""}])),
    ("an empty body", ecs("ListClusters")),
    ("null is no value", ssm("DescribeParameters", '{"MaxResults": null, "NextToken": null}')),
    (
        "a member that is not in the model",
        ssm("DescribeParameters", '{"Something": [1, {"a": 2}]}'),
    ),
    ("a whole number with a point", ssm("DescribeParameters", '{"MaxResults": 10.0}')),
    (
        "an enumeration of EC2, which EC2 answers",
        form("ec2", Action="CreateVpc", InstanceTenancy="x"),
    ),
    (
        "nested lists of ec2",
        form("ec2", Action="CreateTags", ResourceId__1="vpc-1", Tag__1__Key="a", Tag__1__Value=""),
    ),
    (
        "members of query",
        form(
            "iam",
            Action="TagRole",
            RoleName="a",
            Tags__member__1__Key="a",
            Tags__member__1__Value="b",
        ),
    ),
    (
        "a form of SQS, which its model does not describe",
        form("sqs", Action="CreateQueue", QueueName="a"),
    ),
    ("an object, which stays unread", request("s3", b"<not xml", method="PUT", path="/bucket/key")),
    (
        "a token that the SDK would make up",
        request(
            "scheduler",
            '{"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": "arn:aws:sqs:ap-southeast-2:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/r"}}',
            path="/schedules/nightly",
        ),
    ),
]


@pytest.mark.parametrize("environ", [one for _, one in TAKEN], ids=[name for name, _ in TAKEN])
def test_it_is_left_to_the_service_and_its_body_is_put_back(environ: Environ) -> None:
    sent = environ["wsgi.input"].getvalue()
    assert refuse(environ, identify(environ)) is None
    assert environ["wsgi.input"].read() == sent


def test_a_secret_is_not_shown() -> None:
    body = json.dumps({"SecretId": "a", "SecretString": "hush" * 20_000})
    environ = request("secretsmanager", body, target="secretsmanager.PutSecretValue")
    status, text = answered(environ)
    assert status == 400
    assert "at 'secretString'" in text
    assert "hush" not in text


def test_a_bomb_is_unpacked_no_further_than_is_taken() -> None:
    import gzip

    packed = gzip.compress(b" " * (LARGEST + 1))
    environ = request("ssm", packed, target="AmazonSSM.PutParameter", content_encoding="gzip")
    assert answered(environ)[0] == 413
