"""Operations on listeners: protocol, certificates, security policy, default action, attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.elbv2 import models
from moto.elbv2.exceptions import (
    ActionTargetGroupNotFoundError,
    ELBClientError,
    ListenerNotFoundError,
    TooManyCertificatesError,
)
from moto.elbv2.models import FakeAction
from moto.moto_api._internal import mock_random

from drydock.region.services.elbv2.operations import actions, limits, listener_attributes, tags
from drydock.region.services.elbv2.operations import listener_checks as checks
from drydock.region.services.elbv2.operations.balancers import LoadBalancer
from drydock.region.services.elbv2.operations.certificates import check as check_certificate
from drydock.region.services.elbv2.operations.groups import GroupOperations
from drydock.region.services.elbv2.operations.problems import invalid, not_permitted

Json = Mapping[str, Any]


class Listener(models.FakeListener):
    """A listener.

    `certificate`: the default one's ARN or None; `certificates`: it first, then the others (SNI).
    `ssl_policy`: a name of `policies.POLICIES`, None without TLS. `attributes`: all, by key.
    `mutual_authentication`: {"Mode": "off"} with TLS, else None.
    """

    mutual_authentication: dict[str, Any] | None = None
    attributes: dict[str, str]

    @property
    def rules(self) -> dict[Any, Any]:
        """The rules by ARN, in order of priority; the default one (its key is 0) is last."""
        others = sorted(self._non_default_rules.items(), key=lambda one: int(one[1].priority))
        return {**dict(others), **self._default_rule}


class ListenerOperations(GroupOperations):
    """The listeners' part of the ELBv2 backend."""

    def create_listener_from(self, asked: Json) -> Listener:
        """CreateListener."""
        balancer = self.balancer(asked["LoadBalancerArn"])
        protocol, port = asked.get("Protocol"), asked.get("Port")
        self._validate_port_and_protocol(balancer.type, port, protocol)
        self._check_port(balancer, port)
        if len(balancer.listeners) >= limits.LISTENERS:
            raise ELBClientError(
                "TooManyListeners",
                f"The maximum number of listeners has been reached on load balancer '{balancer.arn}'",
            )
        tags.check(asked.get("Tags"))
        protocol = str(protocol)
        tls = checks.checked_tls(self, asked, protocol)
        checks.check_fips(tls.get("SslPolicy"), balancer.listeners.values())
        checks.check_alpn(asked.get("AlpnPolicy"), protocol)
        wanted = self.checked_actions(
            asked.get("DefaultActions") or [], balancer, protocol, int(port or 0)
        )
        arn = balancer.arn.replace(":loadbalancer/", ":listener/")
        make: Any = Listener  # moto leaves methods of CloudFormation abstract
        listener: Listener = make(
            balancer.arn,
            f"{arn}/{mock_random.get_random_hex(16)}",
            protocol,
            port,
            None,
            None,
            [FakeAction(one) for one in wanted],
            asked.get("AlpnPolicy"),
        )
        # moto 5.2.5 makes it of the record's address in memory.
        rule = listener.arn.replace(":listener/", ":listener-rule/")
        listener._default_rule[0].arn = f"{rule}/{mock_random.get_random_hex(16)}"
        listener.attributes = listener_attributes.defaults(protocol)
        _secure(listener, tls)
        balancer.listeners[listener.arn] = listener
        self.tagging_service.tag_resource(listener.arn, asked.get("Tags"))
        return listener

    def modify_listener_from(self, asked: Json) -> Listener:
        """ModifyListener: everything is checked before anything is changed."""
        listener = self.listener(asked["ListenerArn"])
        balancer = self.balancer(listener.load_balancer_arn)
        protocol = str(asked.get("Protocol") or listener.protocol)
        port = int(asked.get("Port") or listener.port)
        self._validate_port_and_protocol(balancer.type, str(port), protocol)
        self._check_port(balancer, port, listener)
        stays = listener.protocol in checks.SECURE and protocol in checks.SECURE
        before = _tls_of(listener) if stays else {}
        tls = checks.checked_tls(self, {**before, **asked}, protocol, listener.certificate)
        others = (one for one in balancer.listeners.values() if one is not listener)
        checks.check_fips(tls.get("SslPolicy"), others)
        checks.check_alpn(asked.get("AlpnPolicy"), protocol)
        wanted = asked.get("DefaultActions") or [one.data for one in listener.default_actions]
        checked = self.checked_actions(wanted, balancer, protocol, port, listener.rules[0])
        for rule in listener.rules.values():
            if not rule.is_default:
                actions.checked([one.data for one in rule.actions], protocol, port)
        if protocol != listener.protocol:
            fresh = listener_attributes.defaults(protocol)
            kept = {key: value for key, value in listener.attributes.items() if key in fresh}
            listener.attributes = {**fresh, **kept}
        listener.protocol, listener.port = protocol, port  # type: ignore[assignment]
        listener.default_actions = [FakeAction(one) for one in checked]
        listener._default_rule[0].actions = listener.default_actions
        if asked.get("AlpnPolicy"):
            listener.alpn_policy = asked["AlpnPolicy"]
        _secure(listener, tls)
        return listener

    def delete_listener(self, listener_arn: str) -> Listener:
        """DeleteListener."""
        listener = self.listener(listener_arn)
        del self.balancer(listener.load_balancer_arn).listeners[listener.arn]
        return listener

    def describe_listeners(
        self, load_balancer_arn: str | None, listener_arns: list[str]
    ) -> list[Any]:
        """DescribeListeners. Raises an error if any is unknown; moto 5.2.5 only if all are."""
        if load_balancer_arn:
            return list(self.balancer(load_balancer_arn).listeners.values())
        return [self.listener(arn) for arn in listener_arns]

    # -- certificates

    def add_listener_certificates(self, arn: str, certificates: list[dict[str, Any]]) -> list[str]:
        """AddListenerCertificates; returns the ARNs that were given."""
        listener, wanted = self._secure_listener(arn), checks.arns(certificates)
        if not wanted:
            raise invalid("You must specify at least one certificate")
        for one in wanted:
            check_certificate(self, one)
        more = [one for one in dict.fromkeys(wanted) if one not in listener.certificates[1:]]
        balancer = self.balancer(listener.load_balancer_arn)
        others = sum(len(one.certificates[1:]) for one in balancer.listeners.values())
        if others + len(more) > limits.CERTIFICATES:
            raise TooManyCertificatesError
        listener.certificates.extend(more)
        return wanted

    def remove_listener_certificates(self, arn: str, certificates: list[dict[str, Any]]) -> None:
        """RemoveListenerCertificates; a missing one is not an error, the default one is."""
        listener, unwanted = self._secure_listener(arn), checks.arns(certificates)
        default, *others = listener.certificates
        if default in unwanted and default not in others:
            raise not_permitted("The default certificate of a listener cannot be removed")
        listener.certificates = [default, *(one for one in others if one not in unwanted)]

    def describe_listener_certificates(self, arn: str) -> list[str]:
        """DescribeListenerCertificates: the default one first."""
        return self.listener(arn).certificates

    # -- attributes

    def describe_listener_attributes(self, listener_arn: str) -> dict[str, str]:
        """DescribeListenerAttributes."""
        return self.listener(listener_arn).attributes

    def set_listener_attributes(self, arn: str, wanted: Mapping[str, str]) -> dict[str, str]:
        """ModifyListenerAttributes."""
        listener = self.listener(arn)
        listener_attributes.check(wanted, listener.protocol)
        listener.attributes.update(wanted)
        return listener.attributes

    # -- what several operations need

    def listener(self, arn: str) -> Listener:
        """Return a listener. Raises ListenerNotFoundError."""
        for one in self._listeners():
            if one.arn == arn:
                return one
        raise ListenerNotFoundError

    def checked_actions(
        self,
        wanted: Sequence[Json],
        balancer: LoadBalancer,
        protocol: str,
        port: int,
        replaced: Any = None,
    ) -> list[dict[str, Any]]:
        """Return the actions as ELB shows them. `replaced`: the rule whose actions they replace.

        Raises ELBClientError.
        """
        checked = actions.checked(wanted, protocol, port)
        arns = actions.groups(checked)
        for arn in arns:
            group = self.target_groups.get(arn)
            if group is None:
                raise ActionTargetGroupNotFoundError(arn)
            checks.check_group(group, balancer, protocol)
        used = set(arns).union(
            *(
                self._get_target_group_arns_from(action_data=action.data)
                for listener in balancer.listeners.values()
                for rule in listener.rules.values()
                if rule is not replaced
                for action in rule.actions
            )
        )
        if len(used) > limits.GROUPS_PER_BALANCER:
            raise ELBClientError(
                "TooManyUniqueTargetGroupsPerLoadBalancer",
                "You have reached the maximum number of unique target groups that you can associate"
                f" with a load balancer of type 'application': [{limits.GROUPS_PER_BALANCER}]",
            )
        return checked

    def _check_port(self, balancer: LoadBalancer, port: Any, itself: Any = None) -> None:
        for one in balancer.listeners.values():
            if one is not itself and str(one.port) == str(port):
                raise ELBClientError(
                    "DuplicateListener",
                    "A listener already exists on this port for this load balancer"
                    f" '{balancer.arn}'",
                )

    def _secure_listener(self, arn: str) -> Listener:
        listener = self.listener(arn)
        if listener.protocol not in checks.SECURE:
            raise invalid(f"A certificate cannot be specified for {listener.protocol} listeners")
        return listener

    def _listeners(self) -> Iterator[Listener]:
        balancer: Any
        for balancer in self.load_balancers.values():
            yield from balancer.listeners.values()


def _secure(listener: Listener, tls: Json) -> None:
    before = listener.certificates[1:] if tls else []
    listener.certificate = tls["Certificates"][0] if tls else None
    listener.certificates = [*(tls["Certificates"] if tls else []), *before]
    listener.ssl_policy = tls.get("SslPolicy")  # type: ignore[assignment]
    listener.mutual_authentication = tls.get("MutualAuthentication")


def _tls_of(listener: Listener) -> dict[str, Any]:
    return {
        "Certificates": [{"CertificateArn": listener.certificate}],
        "SslPolicy": listener.ssl_policy,
    }
