"""The table of every service that moto 5.2.5 has; no other service is answered.

*run*: the region has a data plane, a controller or an evaluator of its own for it. *kept*: only moto's
records; that they can be saved and restored is tested service by service
(`tests/unit/region/api/test_kept_services.py`). *refused*: everything else. Services through which moto
creates records of another service (CloudFormation, Auto Scaling, Batch, EKS, Elastic Beanstalk, EMR, …) are
refused for that reason too: such records would lack what the region's own have.
"""

from __future__ import annotations

from drydock.services.model import Service
from drydock.services.refused import REFUSED

RUN = (
    Service("acm", "AWS Certificate Manager", "run", "certificates are validated by DNS, issued by the region's authority, and renewed", terraform=("acm_",)),
    Service("applicationautoscaling", "Application Auto Scaling", "run", "policies and schedules change the desired counts of ECS services", model="application-autoscaling", terraform=("appautoscaling_",)),
    Service("cloudwatch", "Amazon CloudWatch", "run", "metrics of tasks, load balancers and databases; alarms are evaluated and act", signing="monitoring", action="cloudwatch", terraform=("cloudwatch_metric_", "cloudwatch_composite_", "cloudwatch_dashboard$", "cloudwatch_contributor_"), beside=("sns", "sqs")),
    Service("ec2", "Amazon EC2 (VPC)", "run", "VPCs, subnets, routes, gateways, endpoints, security groups and network ACLs are real; no EC2 instance runs", terraform=("vpc", "subnet$", "route$", "route_", "security_group", "network_acl", "network_interface", "nat_gateway$", "internet_gateway", "egress_only_", "eip", "default_", "main_route_", "flow_log$", "ec2_", "ebs_", "vpn_", "snapshot_", "spot_")),
    Service("ecs", "Amazon ECS", "run", "services and tasks run as processes or containers with network interfaces of their own", terraform=("ecs_",)),
    Service("efs", "Amazon EFS", "run", "file systems are folders that tasks mount", signing="elasticfilesystem", terraform=("efs_",)),
    Service("elbv2", "Elastic Load Balancing (application load balancers)", "run", "HAProxy listens, balances and checks the targets", signing="elasticloadbalancing", terraform=("lb", "alb")),
    Service("iam", "AWS IAM", "run", "roles are handed to tasks, and policies are judged with `--enforce-iam`", terraform=("iam_",)),
    Service("kms", "AWS KMS", "run", "keys encrypt, decrypt and sign", terraform=("kms_",)),
    Service("logs", "Amazon CloudWatch Logs", "run", "what tasks, load balancers, databases and flow logs write", terraform=("cloudwatch_log_", "cloudwatch_query_definition$"), beside=("firehose", "kinesis")),
    Service("rds", "Amazon RDS and Aurora PostgreSQL", "run", "clusters are PostgreSQL servers", terraform=("rds_", "db_")),
    Service("resourcegroupstaggingapi", "AWS Resource Groups Tagging API", "run", "lists what carries a tag, over every service here", signing="tagging", action="tag", beside=("acm", "dynamodb", "ec2", "ecs", "efs", "elbv2", "events", "kms", "logs", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions")),
    Service("route53", "Amazon Route 53", "run", "zones are served by DNS, and health checks are made", terraform=("route53_",)),
    Service("s3", "Amazon S3", "run", "buckets and objects, Terraform's state and lock among them", terraform=("s3_",), beside=("events", "sns", "sqs")),
    Service("secretsmanager", "AWS Secrets Manager", "run", "secrets reach tasks, and RDS rotates its own; no Lambda function rotates any", terraform=("secretsmanager_",), beside=("kms",)),
    Service("servicediscovery", "AWS Cloud Map", "run", "names of ECS services are served by DNS", terraform=("service_discovery_",)),
    Service("ssm", "AWS Systems Manager (parameters)", "run", "parameters reach tasks, and sessions reach containers", terraform=("ssm_",), beside=("kms", "secretsmanager")),
    Service("sts", "AWS STS", "run", "credentials of roles", beside=("iam",)),
    Service("wafv2", "AWS WAF", "run", "rules are applied by the load balancer", terraform=("wafv2_",)),
)  # fmt: skip

KEPT = (
    Service("backup", "AWS Backup", "kept", "no backup is ever made by a plan", terraform=("backup_",)),
    Service("budgets", "AWS Budgets", "kept", "nothing is spent and nobody is notified", terraform=("budgets_",)),
    Service("cloudfront", "Amazon CloudFront", "kept", "no edge serves a distribution; ask the load balancer itself", terraform=("cloudfront_",)),
    Service("cloudtrail", "AWS CloudTrail", "kept", "no call is recorded", terraform=("cloudtrail",)),
    Service("cognitoidp", "Amazon Cognito user pools", "kept", "users sign up and in through the API; there is no hosted login page and no mail", model="cognito-idp", terraform=("cognito_user", "cognito_identity_provider$", "cognito_resource_server$", "cognito_managed_user_pool_client$", "cognito_risk_configuration$")),
    Service("dynamodb", "Amazon DynamoDB", "kept", "tables keep their items in the region's memory; no stream, no export, no capacity limit", terraform=("dynamodb_",), beside=("s3",)),
    Service("ecr", "Amazon ECR", "kept", "no image can be pushed; a task's image comes from `[images]` or a container engine", terraform=("ecr_",)),
    Service("elasticache", "Amazon ElastiCache", "kept", "no cache runs behind the endpoint; start one as an ECS task", terraform=("elasticache_",)),
    Service("events", "Amazon EventBridge", "kept", "no scheduled rule fires; events that are put reach queues and log groups of this region", terraform=("cloudwatch_event_",), beside=("logs", "sqs", "stepfunctions")),
    Service("firehose", "Amazon Data Firehose", "kept", "records are taken; only those for S3 arrive", terraform=("kinesis_firehose_",), beside=("s3",)),
    Service("kinesis", "Amazon Kinesis Data Streams", "kept", "records are kept in the region's memory, and no consumer is started", terraform=("kinesis_stream", "kinesis_resource_policy$")),
    Service("resourcegroups", "AWS Resource Groups", "kept", "a group's query is not evaluated", model="resource-groups", terraform=("resourcegroups_",)),
    Service("s3control", "Amazon S3 Control", "kept", "an account's public access block and access points are not enforced", signing="s3", terraform=("s3_account_public_access_block$", "s3_access_point$", "s3control_"), beside=("s3",)),
    Service("scheduler", "Amazon EventBridge Scheduler", "kept", "no schedule fires", terraform=("scheduler_",)),
    Service("servicequotas", "Service Quotas", "kept", "no quota is applied by it", model="service-quotas", signing="servicequotas", terraform=("servicequotas_",)),
    Service("ses", "Amazon SES", "kept", "no mail is sent", terraform=("ses_",)),
    Service("sesv2", "Amazon SES (API v2)", "kept", "no mail is sent", signing="ses", terraform=("sesv2_",), beside=("ses",)),
    Service("sns", "Amazon SNS", "kept", "messages reach SQS queues of this region and nothing outside", terraform=("sns_",), beside=("sqs",)),
    Service("sqs", "Amazon SQS", "kept", "queues pass messages on; nothing reads them but your own tasks", terraform=("sqs_",)),
    Service("stepfunctions", "AWS Step Functions", "kept", "no execution does the work of its states", signing="states", terraform=("sfn_",)),
)  # fmt: skip

TABLE: tuple[Service, ...] = (*RUN, *KEPT, *REFUSED)

KEPT_TYPES = {
    "aws_ami": "no EC2 instance runs here",
    "aws_ami_copy": "no EC2 instance runs here",
    "aws_ami_from_instance": "no EC2 instance runs here",
    "aws_ami_launch_permission": "no EC2 instance runs here",
    "aws_ebs_snapshot": "only volumes of ECS tasks hold anything here",
    "aws_ebs_volume": "only volumes of ECS tasks hold anything here",
    "aws_instance": "no EC2 instance runs here; run the program as an ECS task",
    "aws_key_pair": "no EC2 instance runs here",
    "aws_launch_template": "no EC2 instance runs here",
    "aws_placement_group": "no EC2 instance runs here",
    "aws_spot_fleet_request": "no EC2 instance runs here",
    "aws_spot_instance_request": "no EC2 instance runs here",
    "aws_volume_attachment": "no EC2 instance runs here",
    "aws_customer_gateway": "no VPN is set up here",
    "aws_vpn_connection": "no VPN is set up here",
    "aws_vpn_gateway": "no VPN is set up here",
}
"""Types that are only kept although their service is run => what does not happen with them."""
