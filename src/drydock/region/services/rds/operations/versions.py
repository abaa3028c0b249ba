"""The PostgreSQL versions that RDS offers, and the completion of partial ones.

moto 5.2.5 has no DescribeDBEngineVersions (500) and accepts any version.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.rds.exceptions import InvalidParameterCombination

_AURORA = {13: (18, 20, 21), 14: (15, 17, 18), 15: (10, 12, 13), 16: (6, 8, 9), 17: (4, 5)}
_POSTGRES = {13: (20, 22), 14: (17, 19), 15: (12, 14), 16: (8, 10), 17: (4, 6), 18: (1,)}
_OFFERED: dict[str, dict[int, tuple[int, ...]]] = {
    "aurora-postgresql": _AURORA,
    "postgres": _POSTGRES,
}
_RETIRED: dict[str, dict[str, str]] = {
    "aurora-postgresql": {"9.6": "9.6.22", "10": "10.21", "11": "11.21", "12": "12.22"},
    "postgres": {"9.6": "9.6.24", "10": "10.23", "11": "11.22", "12": "12.22"},
}
"""Majors that AWS once offered, with the last minor. Accepted, since old stacks and snapshots name
them.
"""
DEFAULT_MAJOR = {"aurora-postgresql": 16, "postgres": 17}


def versions(engine: str) -> list[str]:
    """Return every version of `engine`, oldest first; none for an engine that is not PostgreSQL."""
    return [
        f"{major}.{minor}" for major, minors in _OFFERED.get(engine, {}).items() for minor in minors
    ]


def resolve(engine: str, wanted: str | None) -> str | None:
    """Return the whole version for "", "16" or "16.6"; None for an engine that is not PostgreSQL.

    Any minor of a major that is or was offered is accepted: AWS adds them faster than we do. Raises
    InvalidParameterCombination as RDS does for a major that it never had.
    """
    offered = _OFFERED.get(engine)
    if offered is None:
        return wanted
    if not wanted:
        newest = DEFAULT_MAJOR[engine]
        return f"{newest}.{offered[newest][-1]}"
    parts = wanted.split(".")
    last = {str(one): f"{one}.{minors[-1]}" for one, minors in offered.items()} | _RETIRED[engine]
    if not all(part.isdigit() for part in parts) or major(wanted) not in last:
        raise InvalidParameterCombination(f"Cannot find version {wanted} for {engine}")
    return last.get(wanted, wanted)


def major(version: str) -> str:
    """Return the major of a version: "16" of "16.6", but "9.6" of "9.6.22"."""
    parts = version.split(".")
    return ".".join(parts[:2]) if parts[0] == "9" else parts[0]


def check_upgrade(engine: str, before: str, wanted: str, *, allow_major: bool) -> bool:
    """Return whether a change of version changes the major.

    Raises InvalidParameterCombination as RDS does: an older version, or a major that was not
    allowed.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.html
    """
    if _key(wanted) < _key(before):
        raise InvalidParameterCombination(f"Cannot upgrade {engine} from {before} to {wanted}")
    is_major = major(wanted) != major(before)
    if is_major and not allow_major:
        raise InvalidParameterCombination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        )
    return is_major


def family(engine: str, version: str) -> str:
    """Return the parameter group family: "aurora-postgresql16"."""
    return f"{engine}{major(version)}"


def family_of(group: Any) -> str:
    """Return the family of a cluster's or an instance's parameter group."""
    return str(getattr(group, "family", None) or group.db_parameter_group_family)


def describe(
    engine: str | None, version: str | None, group_family: str | None, default_only: bool
) -> list[dict[str, Any]]:
    """DescribeDBEngineVersions (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html)."""
    found = []
    for name in _OFFERED:
        if engine not in (None, name):
            continue
        default = resolve(name, version if version and "." not in version else None)
        for one in versions(name):
            fits = not version or one == version or one.startswith(f"{version}.")
            if not fits or group_family not in (None, family(name, one)):
                continue
            if default_only and one != default:
                continue
            found.append(_entry(name, one))
    return found


_CLASSES = {
    "aurora-postgresql": (
        "db.serverless",
        *(f"db.t4g.{one}" for one in ("medium", "large")),
        *(f"db.t3.{one}" for one in ("medium", "large")),
        *(f"db.r{kind}.{one}" for kind in ("6g", "6i", "7g", "8g") for one in ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge")),
    ),
    "postgres": (
        *(f"db.t4g.{one}" for one in ("micro", "small", "medium", "large", "xlarge")),
        *(f"db.t3.{one}" for one in ("micro", "small", "medium", "large", "xlarge")),
        *(f"db.{kind}.{one}" for kind in ("m6g", "m7g", "r6g", "r7g") for one in ("large", "xlarge", "2xlarge", "4xlarge")),
    ),
}  # fmt: skip
"""Common classes.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.html
"""
_CERTIFICATES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")


def orderable(
    engine: str, version: str | None, instance_class: str | None, region: str
) -> list[dict[str, Any]]:
    """DescribeOrderableDBInstanceOptions."""
    aurora = engine.startswith("aurora")
    return [
        {
            "Engine": engine,
            "EngineVersion": one,
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": [{"Name": f"{region}{zone}"} for zone in "abc"],
            "MultiAZCapable": not aurora,
            "ReadReplicaCapable": not aurora,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": "aurora" if aurora else "gp3",
            "SupportsIops": False,
            "SupportsEnhancedMonitoring": True,
            "SupportsIAMDatabaseAuthentication": True,
            "SupportsPerformanceInsights": True,
            "SupportsStorageAutoscaling": not aurora,
            "SupportsClusters": aurora,
            "SupportedEngineModes": ["provisioned"],
            "SupportedNetworkTypes": ["IPV4"],
        }
        for one in versions(engine)
        if version in (None, "", one)
        for name in _CLASSES.get(engine, ())
        if instance_class in (None, "", name)
    ]


def certificates(region: str) -> list[dict[str, Any]]:
    """DescribeCertificates: AWS's authorities by name, all served by the region's own."""
    return [
        {
            "CertificateIdentifier": one,
            "CertificateType": "CA",
            "CertificateArn": f"arn:aws:rds:{region}::cert:{one}",
            "ValidFrom": datetime(2021, 5, 21, tzinfo=UTC),
            "ValidTill": datetime(2061, 5, 21, tzinfo=UTC),
            "CustomerOverride": False,
        }
        for one in _CERTIFICATES
    ]


def _entry(engine: str, version: str) -> dict[str, Any]:
    later = [one for one in versions(engine) if _key(one) > _key(version)]
    aurora = engine.startswith("aurora")
    return {
        "Engine": engine,
        "EngineVersion": version,
        "MajorEngineVersion": version.split(".", maxsplit=1)[0],
        "DBParameterGroupFamily": family(engine, version),
        "DBEngineDescription": "Aurora (PostgreSQL)" if aurora else "PostgreSQL",
        "DBEngineVersionDescription": f"{'Aurora PostgreSQL (compatible with PostgreSQL' if aurora else 'PostgreSQL'} {version}{')' if aurora else '-R1'}",
        "Status": "available",
        "ExportableLogTypes": ["instance", "postgresql"] if aurora else ["postgresql", "upgrade"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": not aurora,
        "SupportsParallelQuery": False,
        "SupportsGlobalDatabases": aurora,
        "SupportedEngineModes": ["provisioned"],
        "SupportedFeatureNames": [],
        "SupportedCACertificateIdentifiers": [
            "rds-ca-rsa2048-g1",
            "rds-ca-rsa4096-g1",
            "rds-ca-ecc384-g1",
        ],
        "SupportsCertificateRotationWithoutRestart": True,
        "ValidUpgradeTarget": [
            {
                "Engine": engine,
                "EngineVersion": one,
                "AutoUpgrade": False,
                "IsMajorVersionUpgrade": _key(one)[0] != _key(version)[0],
            }
            for one in later
        ],
    }


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
