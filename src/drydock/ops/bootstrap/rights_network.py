"""The rights that a VPC and the resources in it need, as data; `rights` explains the format."""

from __future__ import annotations

from collections.abc import Mapping

from drydock.ops.bootstrap.right import Right, passed, right

_TAGS = right("ec2:CreateTags DeleteTags", "ec2:*/*")
_GROUP = right(
    "ec2:AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress"
    " RevokeSecurityGroupEgress ModifySecurityGroupRules"
    " UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress",
    "ec2:security-group/*",
    "ec2:security-group-rule/*",
)

NETWORK: Mapping[str, tuple[Right, ...]] = {
    "aws_vpc": (right("ec2:CreateVpc DeleteVpc ModifyVpcAttribute", "ec2:vpc/*"), _TAGS),
    "aws_default_security_group": (_GROUP, _TAGS),
    "aws_subnet": (
        right("ec2:CreateSubnet DeleteSubnet ModifySubnetAttribute", "ec2:subnet/*", "ec2:vpc/*"),
        _TAGS,
    ),
    "aws_internet_gateway": (
        right(
            "ec2:CreateInternetGateway DeleteInternetGateway AttachInternetGateway"
            " DetachInternetGateway",
            "ec2:internet-gateway/*",
            "ec2:vpc/*",
        ),
        _TAGS,
    ),
    "aws_route_table": (
        right(
            "ec2:CreateRouteTable DeleteRouteTable DisassociateRouteTable",
            "ec2:route-table/*",
            "ec2:vpc/*",
            "ec2:subnet/*",
        ),
        _TAGS,
    ),
    "aws_route": (right("ec2:CreateRoute DeleteRoute ReplaceRoute", "ec2:route-table/*"),),
    "aws_route_table_association": (
        right(
            "ec2:AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
            "ec2:route-table/*",
            "ec2:subnet/*",
        ),
    ),
    "aws_eip": (
        # DisassociateAddress names an interface whose owner is the gateway.
        right("ec2:AllocateAddress ReleaseAddress DisassociateAddress", "ec2:*/*"),
        _TAGS,
    ),
    "aws_nat_gateway": (
        right(
            "ec2:CreateNatGateway DeleteNatGateway",
            "ec2:natgateway/*",
            "ec2:subnet/*",
            "ec2:elastic-ip/*",
            "ec2:vpc/*",
        ),
        _TAGS,
    ),
    "aws_vpc_endpoint": (
        right("ec2:CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints", "ec2:*/*"),
        _TAGS,
    ),
    "aws_flow_log": (
        right("ec2:CreateFlowLogs DeleteFlowLogs", "ec2:vpc-flow-log/*", "ec2:vpc/*"),
        passed("vpc-flow-logs"),
        _TAGS,
    ),
    "aws_security_group": (
        right("ec2:CreateSecurityGroup DeleteSecurityGroup", "ec2:security-group/*", "ec2:vpc/*"),
        _GROUP,
        _TAGS,
    ),
    "aws_vpc_security_group_ingress_rule": (_GROUP, _TAGS),
    "aws_vpc_security_group_egress_rule": (_GROUP, _TAGS),
}
