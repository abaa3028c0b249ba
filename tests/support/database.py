"""An Aurora cluster in a scenario, and tasks that query it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from tests.support.scenario import Scenario
from tests.support.waiting import eventually

PASSWORD = "first-Passw0rd"

ASK = """
import os, sys, psycopg
with psycopg.connect(host=os.environ["HOST"], port=os.environ["PORT"], user=os.environ["NAME"],
                     password=os.environ["WORD"], dbname=os.environ["BASE"], connect_timeout=5,
                     autocommit=True) as connection:
    for query in sys.argv[1:]:
        found = connection.execute(query)
        if found.description:
            for row in found.fetchall():
                print(*row)
"""


@dataclass
class Cluster:
    """An Aurora PostgreSQL cluster, created with one instance."""

    scenario: Scenario
    name: str
    password: str = PASSWORD
    user: str = "postgres"
    database: str = "app"

    @classmethod
    def create(
        cls, scenario: Scenario, name: str, instance_class: str = "db.t4g.medium", **more: Any
    ) -> Cluster:
        rds = scenario.region.client("rds")
        rds.create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="x", SubnetIds=scenario.subnets
        )
        wanted = {
            "DBClusterIdentifier": name,
            "Engine": "aurora-postgresql",
            "MasterUsername": "postgres",
            "MasterUserPassword": PASSWORD,
            "DatabaseName": "app",
            "DBSubnetGroupName": name,
            "VpcSecurityGroupIds": [scenario.group],
            **more,
        }
        rds.create_db_cluster(**{key: one for key, one in wanted.items() if one is not None})
        cluster = cls(scenario, name)
        cluster.add_instance(0, DBInstanceClass=instance_class)
        return cluster

    def add_instance(self, number: int, **more: Any) -> None:
        self.scenario.region.client("rds").create_db_instance(
            DBInstanceIdentifier=f"{self.name}-{number}",
            DBClusterIdentifier=self.name,
            Engine="aurora-postgresql",
            **{"DBInstanceClass": "db.t4g.medium", **more},
        )

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self.scenario.region.client("rds").describe_db_clusters(
            DBClusterIdentifier=self.name
        )["DBClusters"][0]
        return found

    def instance(self, number: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.scenario.region.client("rds").describe_db_instances(
            DBInstanceIdentifier=f"{self.name}-{number}"
        )["DBInstances"][0]
        return found

    def writers(self) -> list[str]:
        """Return the members that the API calls the writer."""
        members = self.describe()["DBClusterMembers"]
        return [one["DBInstanceIdentifier"] for one in members if one["IsClusterWriter"]]

    def wait_available(self, seconds: float = 40, *, number: int = 0) -> None:
        eventually(
            lambda: (
                self.instance(number)["DBInstanceStatus"] == "available"
                and self.describe()["Status"] == "available"
            ),
            f"{self.name}-{number} is available",
            seconds,
        )

    def task(self, *queries: str, host: str = "", password: str = "", database: str = "") -> str:
        """Run a task that sends the queries, one after the other; return its ARN."""
        cluster = self.describe()
        environment = {
            "HOST": host or cluster["Endpoint"],
            "PORT": str(cluster["Port"]),
            "NAME": self.user,
            "WORD": password or self.password,
            "BASE": database or self.database,
        }
        return self.scenario.run(
            self.scenario.define(
                "psql:1",
                [ASK, *queries],
                environment=[{"name": key, "value": value} for key, value in environment.items()],
            )
        )

    def ask(self, *queries: str, **how: str) -> list[str]:
        """Return the lines that the queries print; fail if they do not succeed."""
        arn = self.task(*queries, **how)
        task = self.scenario.wait(arn, "STOPPED", 30)
        output = self.scenario.output(arn)
        assert task["containers"][0]["exitCode"] == 0, (output, task["stoppedReason"])
        return output

    def refusal(self, *queries: str, **how: str) -> str:
        """Return the output of a task whose queries have to fail."""
        arn = self.task(*queries, **how)
        task = self.scenario.wait(arn, "STOPPED", 30)
        output = "\n".join(self.scenario.output(arn))
        assert task["containers"][0]["exitCode"] == 1, output
        return output

    def server(self, number: int = 0) -> dict[str, Any]:
        """Return the region's report of an instance's server; empty if none runs."""
        name = f"{self.name}-{number}"
        return next(
            (one for one in self.scenario.region.inspect()["databases"] if one["instance"] == name),
            {},
        )

    def kill(self, number: int = 0) -> int:
        """Send SIGKILL to a server, by the host pid that the region prints; return the pid."""
        pid = int(self.server(number)["pid"])
        os.kill(pid, 9)
        return pid

    def delete(self, *, group: bool = True) -> None:
        rds = self.scenario.region.client("rds")
        for member in self.describe()["DBClusterMembers"]:
            rds.delete_db_instance(
                DBInstanceIdentifier=member["DBInstanceIdentifier"], SkipFinalSnapshot=True
            )
        rds.delete_db_cluster(DBClusterIdentifier=self.name, SkipFinalSnapshot=True)

        def gone() -> bool:
            clusters = rds.describe_db_clusters()["DBClusters"]
            return self.name not in [one["DBClusterIdentifier"] for one in clusters]

        eventually(gone, f"{self.name} is gone", 30)
        if group:
            rds.delete_db_subnet_group(DBSubnetGroupName=self.name)
