"""What ELB's API refuses in a region that runs, and that what it takes is there after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.tls import self_signed

pytestmark = pytest.mark.region

FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
PATH = {"Field": "path-pattern", "Values": ["/a"]}


@dataclass
class Api:
    """A load balancer with a listener on 80, and a target group; nothing of it is changed."""

    elb: Any
    vpc: str
    balancer: str
    listener: str
    group: str

    @classmethod
    def build(cls, place: Scenario, name: str) -> Api:
        elb = place.region.client("elbv2")
        balancer = elb.create_load_balancer(
            Name=name, Subnets=place.subnets, SecurityGroups=[place.group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        group = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=3000, VpcId=place.vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        listener = elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]
        return cls(elb, place.vpc, balancer, listener, group)

    def delete(self) -> None:
        self.elb.delete_load_balancer(LoadBalancerArn=self.balancer)
        self.elb.delete_target_group(TargetGroupArn=self.group)

    def rule(self, *, priority: int = 1, condition: Any = PATH, action: Any = FIXED) -> Any:
        return self.elb.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=[condition], Actions=[action]
        )

    def new_listener(self, **more: Any) -> Any:
        wanted = {"Protocol": "HTTP", "Port": 81, "DefaultActions": [FIXED], **more}
        return self.elb.create_listener(LoadBalancerArn=self.balancer, **wanted)

    def new_group(self, **more: Any) -> Any:
        wanted = {"Protocol": "HTTP", "Port": 80, "VpcId": self.vpc, "TargetType": "ip", **more}
        return self.elb.create_target_group(Name="refused", **wanted)

    def set_balancer(self, key: str, value: str) -> Any:
        return self.elb.modify_load_balancer_attributes(
            LoadBalancerArn=self.balancer, Attributes=[{"Key": key, "Value": value}]
        )

    def set_group(self, key: str, value: str) -> Any:
        return self.elb.modify_target_group_attributes(
            TargetGroupArn=self.group, Attributes=[{"Key": key, "Value": value}]
        )

    def set_listener(self, key: str, value: str) -> Any:
        return self.elb.modify_listener_attributes(
            ListenerArn=self.listener, Attributes=[{"Key": key, "Value": value}]
        )

    def register(self, **target: Any) -> Any:
        return self.elb.register_targets(TargetGroupArn=self.group, Targets=[target])

    def everything(self) -> list[Any]:
        """All that it is asked to be."""
        answers: list[Any] = [
            self.elb.describe_load_balancer_attributes(LoadBalancerArn=self.balancer)["Attributes"],
            self.elb.describe_target_group_attributes(TargetGroupArn=self.group)["Attributes"],
            self.elb.describe_target_groups(TargetGroupArns=[self.group])["TargetGroups"],
        ]
        for one in self.elb.describe_listeners(LoadBalancerArn=self.balancer)["Listeners"]:
            arn = one["ListenerArn"]
            answers += [
                one,
                self.elb.describe_listener_attributes(ListenerArn=arn)["Attributes"],
                self.elb.describe_listener_certificates(ListenerArn=arn)["Certificates"],
                self.elb.describe_rules(ListenerArn=arn)["Rules"],
            ]
        return answers


@pytest.fixture(scope="module")
def api(scenario: Scenario) -> Iterator[Api]:
    made = Api.build(scenario, "refusing")
    yield made
    made.delete()


CERTIFICATE = {"CertificateArn": "arn:aws:acm:ap-southeast-2:000000000000:certificate/none"}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}
REFUSED: list[tuple[str, str, Callable[[Api], Any]]] = [
    ("ValidationError", "certificate must be", lambda api: api.new_listener(Protocol="HTTPS")),
    (
        "CertificateNotFound",
        "not found",
        lambda api: api.new_listener(Protocol="HTTPS", Certificates=[CERTIFICATE]),
    ),
    (
        "ValidationError",
        "SSL policy cannot",
        lambda api: api.new_listener(SslPolicy="ELBSecurityPolicy-2016-08"),
    ),
    ("DuplicateListener", "already exists", lambda api: api.new_listener(Port=80)),
    ("ValidationError", "'port' failed", lambda api: api.new_listener(Port=65536)),
    ("ValidationError", "must be one of", lambda api: api.new_listener(Protocol="TCP")),
    ("InvalidConfigurationRequest", "ALPN", lambda api: api.new_listener(AlpnPolicy=["None"])),
    ("ValidationError", "50000", lambda api: api.rule(priority=50001)),
    (
        "ValidationError",
        "not valid",
        lambda api: api.rule(condition={"Field": "host-header", "Values": ["a b"]}),
    ),
    ("InvalidLoadBalancerAction", "loop", lambda api: api.rule(action=REDIRECT)),
    (
        "OperationNotPermitted",
        "authenticate-oidc",
        lambda api: api.rule(
            action={
                "Type": "authenticate-oidc",
                "AuthenticateOidcConfig": {
                    "Issuer": "https://a.test",
                    "AuthorizationEndpoint": "https://a.test/a",
                    "TokenEndpoint": "https://a.test/t",
                    "UserInfoEndpoint": "https://a.test/u",
                    "ClientId": "a",
                },
            }
        ),
    ),
    (
        "TargetGroupNotFound",
        "not found",
        lambda api: api.rule(action={"Type": "forward", "TargetGroupArn": api.group + "0"}),
    ),
    ("ValidationError", "smaller than", lambda api: api.new_group(HealthCheckTimeoutSeconds=60)),
    ("ValidationError", "HTTP3", lambda api: api.new_group(ProtocolVersion="HTTP3")),
    (
        "ValidationError",
        "1-4000",
        lambda api: api.set_balancer("idle_timeout.timeout_seconds", "0"),
    ),
    ("ValidationError", "not recognized", lambda api: api.set_balancer("nonsense", "1")),
    (
        "InvalidConfigurationRequest",
        "bucket",
        lambda api: api.set_balancer("access_logs.s3.enabled", "true"),
    ),
    ("ValidationError", "30-900", lambda api: api.set_group("slow_start.duration_seconds", "5")),
    (
        "InvalidConfigurationRequest",
        "anomaly",
        lambda api: api.set_group("load_balancing.algorithm.anomaly_mitigation", "on"),
    ),
    (
        "ValidationError",
        "must be one of",
        lambda api: api.set_listener("routing.http.response.server.enabled", "no"),
    ),
    ("ValidationError", "required", lambda api: api.register(Id="10.250.0.1")),
    ("ValidationError", "IPv4", lambda api: api.register(Id="i-0123456789abcdef0")),
    (
        "ResourceInUse",
        "in use",
        lambda api: api.elb.delete_target_group(TargetGroupArn=api.group),
    ),
    (
        "ValidationError",
        "two different",
        lambda api: api.elb.set_subnets(LoadBalancerArn=api.balancer, Subnets=[_subnet(api)]),
    ),
]


def _subnet(api: Api) -> str:
    (found,) = api.elb.describe_load_balancers(LoadBalancerArns=[api.balancer])["LoadBalancers"]
    return str(found["AvailabilityZones"][0]["SubnetId"])


@pytest.mark.parametrize(
    ("code", "words", "ask"), REFUSED, ids=[f"{code}-{words}" for code, words, _ in REFUSED]
)
def test_refused_before_anything_is_changed(
    api: Api, code: str, words: str, ask: Callable[[Api], Any]
) -> None:
    before = api.everything()
    with pytest.raises(ClientError, match=words) as caught:
        ask(api)
    assert caught.value.response["Error"]["Code"] == code
    assert api.everything() == before


def test_what_was_asked_for_is_there_after_a_restart(own_region: TestRegion) -> None:
    place = Scenario.build(own_region, "kept")
    api = Api.build(place, "kept")
    certificate = _certificate(place)
    api.new_listener(Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}])
    config = {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}
    api.elb.create_rule(
        ListenerArn=api.listener,
        Priority=5,
        Conditions=[{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}],
        Actions=[FIXED],
        Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": config}],
    )
    api.set_balancer("routing.http.xff_header_processing.mode", "remove")
    api.set_group("stickiness.enabled", "true")
    api.set_listener("routing.http.response.x_frame_options.header_value", "DENY")
    before = api.everything()
    own_region.restart()
    api.elb = own_region.client("elbv2")
    assert api.everything() == before


def _certificate(place: Scenario) -> str:
    """A certificate that is imported."""
    made = self_signed("kept.test")
    answer = place.region.client("acm").import_certificate(
        Certificate=made.certificate, PrivateKey=made.key
    )
    return str(answer["CertificateArn"])
