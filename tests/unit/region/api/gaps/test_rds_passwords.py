"""A rotation is over once the server has the new password, and begins when its time has come."""

from __future__ import annotations

import time

from tests.support.served import Served


def test_the_pending_password_is_current_once_the_server_has_it(served: Served) -> None:
    rds = served.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="postgres",
        ManageMasterUserPassword=True,
    )
    with served.store.writing("rds"):
        backend = served.store.backend("rds")
        owner = backend.clusters["db"]
        first = backend.master_password(owner)
        secret = owner.master_user_secret
        assert not backend.rotate_due(owner, 86400.0)
        secret.secret.created_date = int(time.time()) - 8
        assert backend.rotate_due(owner, 1.0)
        assert not backend.rotate_due(owner, 1.0), "one is under way"
        second = backend.master_password(owner)
        assert second not in (None, first)
        assert secret.secret_status == "rotating"
        assert not backend.password_set(owner, str(first)), "that is the old one"
        assert backend.password_set(owner, str(second))
        assert secret.secret_status == "active"
        assert backend.master_password(owner) == second
        assert not backend.rotate_due(owner, 1.0)
        stages = sorted(one["version_stages"] for one in secret.secret.versions.values())
        assert stages == [["AWSCURRENT"], ["AWSPREVIOUS"]]
