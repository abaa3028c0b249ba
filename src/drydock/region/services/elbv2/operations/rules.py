"""Operations on the rules of listeners: priority, conditions, actions, transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moto.elbv2 import models
from moto.elbv2.exceptions import (
    DuplicatePriorityError,
    ELBClientError,
    InvalidDescribeRulesRequest,
    InvalidModifyRuleArgumentsError,
    RuleNotFoundError,
)
from moto.elbv2.models import FakeAction
from moto.moto_api._internal import mock_random

from drydock.region.services.elbv2.operations import conditions as rule_conditions
from drydock.region.services.elbv2.operations import limits, tags, transforms
from drydock.region.services.elbv2.operations.listeners import Listener, ListenerOperations
from drydock.region.services.elbv2.operations.problems import invalid, not_permitted

Json = Mapping[str, Any]


class Rule(models.FakeListenerRule):
    """A rule other than the default one. `transforms` as in the API, at most one of each type."""

    transforms: Sequence[Json] = ()


class RuleOperations(ListenerOperations):
    """The rules' part of the ELBv2 backend."""

    def create_rule_from(self, asked: Json) -> Rule:
        """CreateRule."""
        listener = self.listener(asked["ListenerArn"])
        balancer = self.balancer(listener.load_balancer_arn)
        priority = int(asked["Priority"])
        conditions = rule_conditions.checked(asked.get("Conditions") or [])
        rewrites = transforms.checked(asked.get("Transforms") or [])
        tags.check(asked.get("Tags"))
        if any(str(one.priority) == str(priority) for one in listener.rules.values()):
            raise _in_use(priority)
        if sum(len(one._non_default_rules) for one in balancer.listeners.values()) >= limits.RULES:
            raise ELBClientError(
                "TooManyRules",
                f"The maximum number of rules on load balancer '{balancer.arn}' has been reached",
            )
        actions = self.checked_actions(
            asked.get("Actions") or [], balancer, listener.protocol, int(listener.port)
        )
        arn = listener.arn.replace(":listener/", ":listener-rule/")
        make: Any = Rule  # moto leaves methods of CloudFormation abstract
        rule: Rule = make(
            listener.arn,
            f"{arn}/{mock_random.get_random_hex(16)}",
            conditions,
            priority,
            [FakeAction(one) for one in actions],
        )
        rule.transforms = rewrites
        listener.register(rule.arn, rule)
        self.tagging_service.tag_resource(rule.arn, asked.get("Tags"))
        return rule

    def modify_rule_from(self, asked: Json) -> Rule:
        """ModifyRule: everything is checked before anything is changed."""
        listener, rule = self._rule(asked["RuleArn"])
        if rule.is_default:
            raise not_permitted(f"Default rule '{rule.arn}' cannot be modified")
        changes = ("Conditions", "Actions", "Transforms", "ResetTransforms")
        if not any(asked.get(one) for one in changes):
            raise InvalidModifyRuleArgumentsError
        if asked.get("Transforms") and asked.get("ResetTransforms"):
            raise invalid("You cannot specify both Transforms and ResetTransforms")
        conditions, rewrites, actions = rule.conditions, rule.transforms, rule.actions
        if asked.get("Conditions"):
            conditions = rule_conditions.checked(asked["Conditions"])
        if asked.get("Transforms"):
            rewrites = transforms.checked(asked["Transforms"])
        if asked.get("Actions"):
            balancer = self.balancer(listener.load_balancer_arn)
            checked = self.checked_actions(
                asked["Actions"], balancer, listener.protocol, int(listener.port), rule
            )
            actions = [FakeAction(one) for one in checked]
        rule.conditions, rule.actions = conditions, actions
        rule.transforms = () if asked.get("ResetTransforms") else rewrites
        return rule  # type: ignore[no-any-return]

    def delete_rule(self, arn: str) -> None:
        """DeleteRule."""
        listener, rule = self._rule(arn)
        if rule.is_default:
            raise not_permitted(f"Default rule '{arn}' cannot be deleted")
        listener.remove_rule(arn)

    def set_rule_priorities(self, rule_priorities: list[dict[str, Any]]) -> list[Any]:
        """SetRulePriorities: all or none, at once, so that rules may swap priorities."""
        if not rule_priorities:
            raise invalid("You must specify at least one rule priority")
        wanted = {one["RuleArn"]: int(one["Priority"]) for one in rule_priorities}
        if len(wanted) < len(rule_priorities):
            raise invalid("A rule ARN was specified more than once")
        found = {arn: self._rule(arn) for arn in wanted}
        listeners = {listener.arn: listener for listener, _ in found.values()}
        for arn, (_, rule) in found.items():
            if rule.is_default:
                raise not_permitted(f"The priority of default rule '{arn}' cannot be set")
        for listener in listeners.values():
            _check_priorities(listener, wanted)
        for arn, (_, rule) in found.items():
            rule.priority = wanted[arn]
        return [rule for _, rule in found.values()]

    def describe_rules(self, listener_arn: str | None, rule_arns: list[str] | None) -> list[Any]:
        """DescribeRules, by priority."""
        if listener_arn and rule_arns:
            raise InvalidDescribeRulesRequest(
                "Listener rule ARNs and a listener ARN cannot be specified at the same time"
            )
        if listener_arn:
            return list(self.listener(listener_arn).rules.values())
        if not rule_arns:
            raise InvalidDescribeRulesRequest(
                "You must specify either listener rule ARNs or a listener ARN"
            )
        return [self._rule(arn)[1] for arn in rule_arns]

    def _rule(self, arn: str) -> tuple[Listener, Any]:
        for listener in self._listeners():
            for rule in listener.rules.values():
                if rule.arn == arn:
                    return listener, rule
        raise RuleNotFoundError("One or more rules not found")


def _check_priorities(listener: Listener, wanted: Mapping[str, int]) -> None:
    taken: dict[int, str] = {}
    for rule in listener.rules.values():
        if rule.is_default:
            continue
        priority = wanted.get(rule.arn, int(rule.priority))
        other = taken.setdefault(priority, rule.arn)
        if other == rule.arn:
            continue
        if rule.arn in wanted and other in wanted:
            raise DuplicatePriorityError(str(priority))
        raise _in_use(priority)


def _in_use(priority: int) -> ELBClientError:
    return ELBClientError("PriorityInUse", f"Priority '{priority}' is currently in use")
