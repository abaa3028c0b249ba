"""Build the architecture of infra/ and more through boto3, for tests of what a region saves."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.served import REGION, Served

_VOLATILE = {"ResponseMetadata", "LatestRestorableTime", "LastAccessedDate", "expirationTime"}


def build(served: Served) -> None:
    """Create a VPC of three tiers, a service behind a load balancer, a database, and related resources."""
    subnets, group = _network(served)
    certificate = _security(served)
    _balanced_service(served, subnets, group, certificate)
    _database(served, subnets, group)
    _names_and_files(served)


def _network(served: Served) -> tuple[list[str], str]:
    ec2 = served.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    subnets = []
    for index, zone in enumerate("ab"):
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        subnets.append(subnet)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table]
    )
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("lb", "tasks")
    ]
    ec2.authorize_security_group_ingress(
        GroupId=groups[1],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 3000,
                "ToPort": 3000,
                "UserIdGroupPairs": [{"GroupId": groups[0], "Description": "lb"}],
            }
        ],
    )
    ec2.create_tags(Resources=[vpc, *subnets], Tags=[{"Key": "Name", "Value": "x"}])
    return subnets, groups[1]


def _security(served: Served) -> str:
    iam = served.client("iam")
    trust = _policy("sts:AssumeRole", Principal={"Service": "ecs-tasks.amazonaws.com"})
    allowed = _policy("logs:PutLogEvents", Resource="*")
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="execution", PolicyName="a", PolicyDocument=allowed)
    kms = served.client("kms")
    kms.create_key(Description="symmetric")
    kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
    served.client("secretsmanager").create_secret(Name="s", SecretString="value")
    served.client("ssm").put_parameter(Name="/a/b", Value="c", Type="SecureString")
    acm = served.client("acm")
    acm.request_certificate(DomainName="www.example.com", ValidationMethod="DNS")
    certificate, key = self_signed()
    arn = acm.import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    return str(arn)


def _policy(action: str, **rest: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def self_signed() -> tuple[bytes, bytes]:
    """Return a certificate and its elliptic curve key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem), plain


def _balanced_service(served: Served, subnets: list[str], group: str, certificate: str) -> None:
    elb, ecs = served.client("elbv2"), served.client("ecs")
    vpc = served.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[group])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    target = elb.create_target_group(
        Name="web", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    https = elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=forward,
    )["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=https,
        Priority=5,
        Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
        Actions=forward,
    )
    elb.register_targets(TargetGroupArn=target, Targets=[{"Id": "10.0.0.9", "Port": 3000}])
    served.cluster()
    served.task_definition()
    network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}}
    ecs.create_service(
        cluster="app",
        serviceName="app",
        taskDefinition="app",
        launchType="FARGATE",
        desiredCount=2,
        networkConfiguration=network,
        loadBalancers=[{"targetGroupArn": target, "containerName": "app", "containerPort": 3000}],
    )
    ecs.run_task(
        cluster="app", taskDefinition="app", launchType="FARGATE", networkConfiguration=network
    )
    served.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/app/app",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2,
        MaxCapacity=6,
    )
    with served.store.changing("ecs", "logs"):
        backend = served.store.backend("ecs")
        service = backend.services["app:app"]
        task = backend.create_service_task(service, service.primary)
        backend.create_task_eni(task, subnets[0])
        logs = served.store.backend("logs")
        logs.open_stream("/ecs/app", "app/app/1", create_group=True)
        logs.write_events("/ecs/app", "app/app/1", [(int(time.time() * 1000), "hello")])


def _database(served: Served, subnets: list[str], group: str) -> None:
    rds = served.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=subnets
    )
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="pg",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="pg",
    )
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="postgres",
        ManageMasterUserPassword=True,
        StorageEncrypted=True,
        DBSubnetGroupName="data",
        DBClusterParameterGroupName="pg",
        VpcSecurityGroupIds=[group],
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2},
    )
    rds.create_db_instance(
        DBInstanceIdentifier="db-1",
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )


def _names_and_files(served: Served) -> None:
    route53, s3 = served.client("route53"), served.client("s3")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    record = {
        "Name": "www.example.com",
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": "example.org"}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    bucket = bucket_of(served)
    where = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="terraform.tfstate", Body=body, Metadata={"a": "b"})
    s3.put_object(Bucket=bucket, Key="large", Body=bytes(range(256)) * 4096)
    s3.delete_object(Bucket=bucket, Key="large")


def bucket_of(served: Served) -> str:
    """Return the account's bucket name: bucket names are shared by the whole process."""
    return f"state-{served.store.account_id}"


_LOOKS: list[tuple[str, str, dict[str, Any]]] = [
    *(
        ("ec2", f"describe_{what}", {})
        for what in (
            "vpcs", "subnets", "internet_gateways", "route_tables", "security_groups",
            "security_group_rules", "network_interfaces", "nat_gateways", "addresses",
            "vpc_endpoints", "network_acls", "tags",
        )
    ),
    ("elbv2", "describe_load_balancers", {}),
    ("elbv2", "describe_target_groups", {}),
    ("ecs", "describe_clusters", {"clusters": ["app"]}),
    ("ecs", "describe_services", {"cluster": "app", "services": ["app"], "include": ["TAGS"]}),
    ("ecs", "describe_task_definition", {"taskDefinition": "app"}),
    ("ecs", "list_tasks", {"cluster": "app"}),
    ("rds", "describe_db_clusters", {}),
    ("rds", "describe_db_instances", {}),
    ("rds", "describe_db_subnet_groups", {}),
    ("rds", "describe_db_cluster_parameter_groups", {}),
    ("logs", "describe_log_groups", {}),
    ("logs", "filter_log_events", {"logGroupName": "/ecs/app"}),
    ("iam", "list_roles", {}),
    ("iam", "get_role_policy", {"RoleName": "execution", "PolicyName": "a"}),
    ("secretsmanager", "list_secrets", {}),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
    ("ssm", "get_parameter", {"Name": "/a/b", "WithDecryption": True}),
    ("kms", "list_keys", {}),
    ("kms", "list_aliases", {}),
    ("acm", "list_certificates", {}),
    ("route53", "list_hosted_zones", {}),
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "ecs"}),
]  # fmt: skip


def picture(served: Served) -> dict[str, Any]:
    """Return every API answer that describes what `build` created, by service and operation."""
    seen = {
        f"{service}.{operation}": getattr(served.client(service), operation)(**given)
        for service, operation, given in _LOOKS
    }
    seen.update(_listeners(served))
    seen.update(_keys(served))
    ecs = served.client("ecs")
    tasks = ecs.list_tasks(cluster="app")["taskArns"]
    seen["ecs.tasks"] = ecs.describe_tasks(cluster="app", tasks=tasks, include=["TAGS"])
    s3, bucket = served.client("s3"), bucket_of(served)
    seen["s3.versions"] = s3.list_object_versions(Bucket=bucket)
    for one in seen["s3.versions"].get("Versions", []):
        got = s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        seen[f"s3.{one['VersionId']}"] = {"body": got["Body"].read(), "meta": got["Metadata"]}
    zone = seen["route53.list_hosted_zones"]["HostedZones"][0]["Id"]
    records = served.client("route53").list_resource_record_sets(HostedZoneId=zone)
    seen["route53.records"] = records
    return {name: _steady(answer) for name, answer in seen.items()}


def _listeners(served: Served) -> dict[str, Any]:
    elb = served.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer)
    group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    return {
        "elbv2.listeners": listeners,
        "elbv2.rules": [
            _steady(elb.describe_rules(ListenerArn=one["ListenerArn"]))
            for one in listeners["Listeners"]
        ],
        "elbv2.attributes": elb.describe_load_balancer_attributes(LoadBalancerArn=balancer),
        "elbv2.health": elb.describe_target_health(TargetGroupArn=group),
    }


def _keys(served: Served) -> dict[str, Any]:
    kms, acm = served.client("kms"), served.client("acm")
    seen = {}
    for key in kms.list_keys()["Keys"]:
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        seen[f"kms.{key['KeyId']}"] = about
        if about.get("KeyUsage") == "SIGN_VERIFY":
            seen[f"kms.{key['KeyId']}.public"] = kms.get_public_key(KeyId=key["KeyId"])
    every = {"keyTypes": ["RSA_2048", "EC_prime256v1"]}
    for one in acm.list_certificates(Includes=every)["CertificateSummaryList"]:
        arn = one["CertificateArn"]
        seen[f"acm.{arn}"] = acm.describe_certificate(CertificateArn=arn)
        if acm.describe_certificate(CertificateArn=arn)["Certificate"]["Type"] == "IMPORTED":
            seen[f"acm.{arn}.pem"] = acm.get_certificate(CertificateArn=arn)
    return seen


def _steady(value: Any) -> Any:
    """Return a value without the fields that differ between two requests."""
    if isinstance(value, dict):
        return {key: _steady(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [_steady(item) for item in value]
    return value
