"""Drydock's own stack, `infra/`: well formed, its plans as its own tests say, and at home in an account."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest

from drydock.aws.target import Target
from drydock.errors import TerraformFailed
from drydock.paths import Workspace
from drydock.stack import Stack
from drydock.stack.finder import Terraform
from tests.support.minutes import takes_minutes, with_test_all

pytestmark = [pytest.mark.terraform, pytest.mark.usefixtures("aws_provider")]
INFRA = Path(__file__).parents[2] / "infra"
FIXTURES = Path(__file__).parent / "fixtures"
SUBNET = "subnet-0123456789abcdef0"
WRONG: list[dict[str, Any]] = [
    {
        "prefix": "My Shop",
        "tags": {"aws:mine": "x"},
        "network": {"cidr": "10.0.0.0/24"},
        "domain_name": "https://example.com/",
        "dns": {"host_name": "www.example.com"},
        "certificate_arn": "certificate",
        "container": {"port": 70000},
        "environment": {"1ST": "x"},
        "secrets": {"API_KEY": "hunter2"},
        "service": {"cpu": 300},
        "postgresql_password": "with/slash",
        "database": {"instances": 0},
        "protection": {"rate_limit": 1},
        "monitoring": {"log_retention_days": 31},
    },
    {
        "prefix": "my--shop",
        "network": {"zones": 1},
        "dns": {"record": "mx"},
        "container": {"health_check_path": "healthcheck"},
        "service": {"cpu": 8192, "memory": 17408},
        "database": {"min_capacity": 0.3},
        "monitoring": {"alarm_email": "on call"},
    },
    {
        "network": {"availability_zones": ["ap-southeast-2a"]},
        "container": {"database_variables": {"host": "DB HOST"}},
        "service": {"desired_count": -1},
        "database": {"max_capacity": 0.5},
    },
    {
        "network": {"public_subnet_ids": ["mine", SUBNET]},
        "vpc_id": "vpc-0123456789abcdef0",
        "container": {"secrets_key_arns": ["alias/mine"]},
        "service": {"scaling_min": 4.5},
        "database": {"min_capacity": 4},
    },
    {
        "network": {"task_subnet_ids": [SUBNET]},
        "container": {"writable_paths": ["tmp"]},
        "service": {"scaling_min": 4, "scaling_max": 3},
        "database": {"backup_retention_days": 0},
    },
    {
        "network": {"public_subnet_ids": [SUBNET]},
        "vpc_id": "vpc-0123456789abcdef0",
        "container": {"execute_command": True, "read_only_root_filesystem": True},
        "database": {},
        "postgresql_version": "16.1",
    },
    {"network": {"egress": "internet"}},
    {
        "container_image": "shop : 1.0",
        "network": {"private_tasks": True, "egress": "endpoints"},
    },
    {
        "production": "yes",
        "vpc_id": "my-vpc",
        "postgresql_version": "latest",
        "postgresql_instance_class": "t4g.medium",
    },
]
"""Each plan's values; between them, each validation of each variable refuses one. One that names another
variable is not looked at where that one is refused."""


@pytest.fixture(scope="module")
def stack(terraform: Terraform, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    # A copy: a plan of the user's in the real folder is not ours to replace.
    folder = tmp_path_factory.mktemp("infra") / "infra"
    shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.plan"))
    target = Target.local(endpoint, region_id="r1")
    workspace = Workspace(folder.parent)
    made = Stack(folder, target, workspace, terraform=terraform, on_line=lambda _: None)
    made.init()
    return made


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("TF_VAR_", "TF_STATE_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def of_moto(no_variables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server here is plain moto 5.2.5, which lacks ValidateStateMachineDefinition: the provider asks
    for it while it plans, and again for minutes. In a region tests/e2e/test_main_job.py has it all."""
    monkeypatch.setenv("TF_VAR_database", '{"redeploy_on_rotation": false}')


def test_it_is_formatted(terraform: Terraform) -> None:
    argv = [str(terraform.program), "fmt", "-check", "-recursive", "-diff", str(INFRA)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_is_valid_and_uses_nothing_deprecated(stack: Stack) -> None:
    told = json.loads(stack.command("validate", "-json").text)
    assert told["valid"]
    assert told["diagnostics"] == []


def test_every_variable_and_output_is_described_and_every_variable_optional() -> None:
    for path in INFRA.rglob("*.tf"):
        blocks = re.findall(
            r'^(variable|output) "(\w+)" \{\n(.*?)^\}', path.read_text(), re.MULTILINE | re.DOTALL
        )
        for kind, name, body in blocks:
            assert re.search(r'^  description += "\S', body, re.MULTILINE), f"{path}: {name}"
            if kind == "variable":
                assert re.search(r"^  type +=", body, re.MULTILINE), f"{path}: {name}"
            if kind == "variable" and path.parent in (INFRA, INFRA / "repository"):
                assert re.search(r"^  default +=", body, re.MULTILINE), f"{path}: {name}"


def test_what_is_made_before_it_is_destroyed_can_stand_twice() -> None:
    """Terraform extends create_before_destroy to all that such a resource refers to, by the way.

    So it is for those alone that refer to nothing with a name of its own.
    """
    found = set()
    for path in INFRA.rglob("*.tf"):
        blocks = re.findall(
            r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', path.read_text(), re.MULTILINE | re.DOTALL
        )
        found |= {
            kind for kind, body in blocks if re.search(r"create_before_destroy\s+= true", body)
        }
    assert found == {
        "aws_acm_certificate",  # has no name
        "aws_lb_target_group",  # has VPC and port in its name
        "aws_rds_cluster_parameter_group",  # has a name of its own each time
        "aws_secretsmanager_secret",  # has a name of its own each time
        "aws_secretsmanager_secret_version",
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.name, marks=takes_minutes)
        if path.name.startswith(("combinations", "profiles", "refusals"))
        else path.name
        for path in sorted((INFRA / "tests").iterdir())
    ],
)
def test_its_own_tests_pass(stack: Stack, no_variables: None, name: str) -> None:
    told = stack.command("test", "-no-color", f"-filter=tests/{name}")
    assert told.code == 0, told.text
    runs = re.findall(r'^run "', (INFRA / "tests" / name).read_text(), re.MULTILINE)
    assert f"Success! {len(runs)} passed, 0 failed." in told.text


@takes_minutes
@pytest.mark.timeout(900)
def test_each_wrong_value_is_refused_with_what_to_do(
    stack: Stack, no_variables: None, tmp_path: Path
) -> None:
    """Many in one plan: Terraform says of every variable what is wrong before it plans anything."""
    text = (INFRA / "variables.tf").read_text()
    messages = set(re.findall(r'error_message = "((?:[^"\\]|\\.)*)"', text))
    assert len(messages) == text.count("  validation {")
    seen: set[str] = set()
    for wrong_values in WRONG:
        # What `of_moto` says: a plan goes on with all that does not need the refused variable.
        database = {"redeploy_on_rotation": False, **wrong_values.get("database", {})}
        values = {**wrong_values, "database": database}
        (tmp_path / "wrong.tfvars.json").write_text(json.dumps(values))
        wrong = f"-var-file={tmp_path / 'wrong.tfvars.json'}"
        told = stack.command("plan", "-no-color", "-input=false", "-lock=false", wrong)
        assert told.code == 1, values
        said = " ".join(told.text.split())
        refused = {message for message in messages if message in said}
        assert said.count("Invalid value for variable") == len(refused), told.text
        seen |= refused
    assert messages - seen == set()
    # Each says which variable, or which attribute of it.
    names = re.findall(r'^variable "(\w+)"', text, re.MULTILINE)
    assert [one for one in messages if not any(name in one for name in names)] == []


def test_what_is_empty_in_the_environment_is_not_set(
    stack: Stack, no_variables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every variable, the objects among them, which Terraform alone refuses."""
    text = (INFRA / "variables.tf").read_text()
    for name in re.findall(r'^variable "(\w+)"', text, re.MULTILINE):
        monkeypatch.setenv(f"TF_VAR_{name}", "")
    monkeypatch.setenv("TF_VAR_database", '{"redeploy_on_rotation": false}')
    planned = stack.command("plan", "-no-color", "-input=false", "-lock=false")
    assert planned.code == 0, planned.text
    assert "module.service.aws_ecs_service.app will be created" in planned.text


def test_a_wrong_password_is_not_shown(
    stack: Stack, no_variables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform shows the value that a validation refuses, though the variable is sensitive."""
    monkeypatch.setenv("TF_VAR_postgresql_password", "hunter2/hunter2")
    lines: list[str] = []
    mine = Stack(
        stack.folder,
        stack.target,
        Workspace(stack.folder.parent),
        terraform=stack.terraform,
        on_line=lines.append,
    )
    with pytest.raises(TerraformFailed) as failed:
        mine.plan()
    said = "\n".join([*lines, str(failed.value)])
    assert "Give postgresql_password" in " ".join(said.split())
    assert "hunter2" not in said


def test_it_plans_a_vpc_from_scratch(stack: Stack, of_moto: None) -> None:
    summary = stack.plan()
    added = set(summary.added)
    assert not summary.changed + summary.replaced + summary.destroyed
    assert "module.network.aws_vpc.this[0]" in added
    assert "module.service.aws_ecs_service.app" in added
    assert "module.load_balancer.aws_lb_listener.http" in added
    assert not [address for address in added if "nat_gateway" in address]


def test_it_takes_the_default_vpc_and_a_password(
    stack: Stack, no_variables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = boto3.client(
        "ec2",
        endpoint_url=stack.target.endpoint,
        region_name=stack.target.region,
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    _open_to_the_internet(ec2, default["VpcId"])
    monkeypatch.setenv("TF_VAR_vpc_id", default["VpcId"])
    monkeypatch.setenv("TF_VAR_postgresql_password", "correct-horse-battery")
    summary = stack.plan()
    shown = json.loads(stack.command("show", "-json", "terraform.plan").text)
    assert not [address for address in summary.added if address.startswith("module.network")]
    assert "module.database.aws_secretsmanager_secret_version.given[0]" in summary.added
    cluster = next(
        item["change"]["after"]
        for item in shown["resource_changes"]
        if item["type"] == "aws_rds_cluster"
    )
    assert cluster["master_password_wo_version"] > 0
    assert "correct-horse-battery" not in json.dumps(shown["resource_changes"])
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default["VpcId"]]}])
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in subnets["Subnets"]}
    balancer = next(
        item["change"]["after"] for item in shown["resource_changes"] if item["type"] == "aws_lb"
    )
    chosen = [zones[subnet] for subnet in balancer["subnets"]]
    assert len(chosen) == len(set(chosen)) >= 2, "one subnet per zone"


@pytest.mark.parametrize("example", sorted(path.name for path in (INFRA / "examples").iterdir()))
def test_examples_set_variables_that_there_are(example: str) -> None:
    known = set(
        re.findall(r'^variable "(\w+)"', (INFRA / "variables.tf").read_text(), re.MULTILINE)
    )
    text = (INFRA / "examples" / example / "terraform.tfvars").read_text()
    named = set(re.findall(r"^(\w+) += ", text, re.MULTILINE))
    assert named
    assert named <= known


@pytest.mark.parametrize("example", ["minimal", "own-image"])
def test_examples_plan(stack: Stack, of_moto: None, example: str) -> None:
    values = INFRA / "examples" / example / "terraform.tfvars"
    planned = stack.command(
        "plan", "-no-color", "-input=false", "-lock=false", f"-var-file={values}"
    )
    assert planned.code == 0, planned.text
    assert "module.service.aws_ecs_service.app will be created" in planned.text


def planned(stack: Stack, *words: str) -> dict[str, Any]:
    """A plan's JSON; nothing of it is kept."""
    told = stack.command(
        "plan", "-no-color", "-input=false", "-lock=false", "-out=seen.plan", *words
    )
    assert told.code == 0, told.text
    found: dict[str, Any] = json.loads(stack.command("show", "-json", "seen.plan").text)
    return found


@takes_minutes
def test_a_stack_of_before_the_groups_is_kept(
    terraform: Terraform,
    endpoint: str,
    no_variables: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The state is that of the stack as it was in October 2026, applied to plain moto."""
    folder = tmp_path / "infra"
    shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.plan"))
    versions = folder / "versions.tf"
    versions.write_text(versions.read_text().replace('  backend "s3" {}\n', ""))
    target = Target.local(endpoint, region_id="r1")
    own = Stack(folder, target, Workspace(tmp_path), terraform=terraform, on_line=lambda _: None)
    own.init()
    [words] = own.state_arguments()
    before = gzip.decompress((FIXTURES / "state-of-october.json.gz").read_bytes())
    Path(words.removeprefix("-state=")).write_bytes(before)
    monkeypatch.setenv("TF_VAR_postgresql_password", "correct-horse-battery")
    monkeypatch.setenv("TF_VAR_network", '{"private_tasks": true}')
    monkeypatch.setenv("TF_VAR_service", '{"wait_for_steady_state": false}')
    monkeypatch.setenv("TF_VAR_monitoring", '{"alarms": true, "flow_logs": true}')
    changes = planned(own, words, "-refresh=false")["resource_changes"]
    gone = {one["address"] for one in changes if "delete" in one["change"]["actions"]}
    # A new revision: the one before it stays, since Terraform forgets it alone (skip_destroy).
    assert gone == {"module.service.aws_ecs_task_definition.app"}
    moved = {one["previous_address"] for one in changes if "previous_address" in one}
    assert "module.network.aws_nat_gateway.this[1]" in moved
    assert "module.network.aws_subnet.database[0]" in moved


@takes_minutes
def test_everything_that_takes_tags_has_the_stacks(stack: Stack, of_moto: None) -> None:
    """There is no provider block in `infra/`, whose default tags would do it."""
    after = [
        (one["address"], one["change"]["after"])
        for one in planned(stack)["resource_changes"]
        if one["mode"] == "managed"
    ]
    tagged = {address: values["tags"] for address, values in after if "tags_all" in values}
    wanted = {"Application": "tasklist", "ManagedBy": "terraform"}
    assert len(tagged) > 20
    assert {name for name, tags in tagged.items() if not wanted.items() <= tags.items()} == set()


def test_an_image_of_private_tasks_comes_from_where_they_reach(stack: Stack) -> None:
    """The repository of such an image is a stack of its own: nothing of it is in this one's plan."""
    assert "aws_ecr_repository" not in "".join(path.read_text() for path in INFRA.glob("*.tf"))
    text = (INFRA / "repository" / "main.tf").read_text()
    assert 'source = "../modules/delivery"' in text


def checkov(folder: Path) -> subprocess.CompletedProcess[str]:
    program = INFRA.parent / "scripts" / "checkov"
    argv = [str(program), str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode == 69:
        pytest.skip(f"Checkov cannot be installed: {done.stderr[-300:]}")
    return done


@pytest.mark.timeout(900)
@with_test_all("installs Checkov")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('resource "aws_s3_bucket" "open" {\n  bucket = "open"\n}\n', "CKV_AWS_145"),
        ("locals {\n  a = (true\n  && false\n}\n", "main.tf: Unexpected token"),
    ],
    ids=["a check fails", "a file cannot be read"],
)
def test_checkov_fails_where_it_should(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "main.tf").write_text(text)
    done = checkov(tmp_path)
    assert done.returncode == 1
    assert told in done.stdout + done.stderr


@pytest.mark.timeout(900)
@with_test_all("installs Checkov")
def test_checkov_finds_nothing_that_is_not_argued_in_place() -> None:
    done = checkov(INFRA)
    assert done.returncode == 0, done.stdout + done.stderr
    skips = re.findall(
        r"#checkov:skip=CKV2?_AWS_\d+(:\S.*)?$",
        "".join(path.read_text() for path in INFRA.rglob("*.tf")),
        re.MULTILINE,
    )
    assert skips
    assert all(skips), "every skip says why"


def _open_to_the_internet(ec2: Any, vpc: str) -> None:
    """AWS's default VPC has an internet gateway and a route to it; moto 5.2.5 leaves both out."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    filters = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    main = ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
