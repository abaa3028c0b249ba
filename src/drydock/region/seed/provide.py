"""Make the missing resources, and report what could not be made."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from moto.core.exceptions import JsonRESTError, ServiceException
from werkzeug.exceptions import HTTPException

from drydock.account import Account
from drydock.errors import ConfigError
from drydock.region.api.store import Store
from drydock.region.seed import network, steps
from drydock.region.seed.making import Issue, Maker
from drydock.region.seed.plan import plan
from drydock.region.seed.seeing import see
from drydock.region.seed.steps import Step

log = logging.getLogger(__name__)


def provide(store: Store, account: Account, issue: Issue) -> Sequence[Step]:
    """Make what is declared and missing; return what was made. Idempotent.

    `issue` issues a declared certificate. Raises ConfigError: AWS would refuse it, or an existing
    resource contradicts it.
    """
    if account.is_empty:
        return []
    with store.locked():
        wanted = plan(account, see(store, account))
        maker = Maker(store, issue)
        for step in wanted:
            with store.changing(step.service):
                _make(maker, step)
            log.info("account has", extra={"made": step.said})
    return wanted


def _make(maker: Maker, step: Step) -> None:
    try:
        _do(maker, step)
    except (ServiceException, HTTPException) as error:
        raise ConfigError(
            f"drydock.toml: [account] declares {step.said}",
            _words(error),
            "mend the entry; it is what AWS would not have either",
        ) from error


def _do(maker: Maker, step: Step) -> None:  # noqa: PLR0912  (one branch a kind)
    ec2 = maker.store.backend("ec2")
    match step:
        case steps.MakeVpc(vpc):
            network.make_vpc(ec2, vpc)
        case steps.MakeGateway(vpc_id):
            network.make_gateway(ec2, vpc_id)
        case steps.MakeSubnet(vpc_id, subnet):
            network.make_subnet(ec2, vpc_id, subnet)
        case steps.MakeNat(vpc_id, subnet_id):
            network.make_nat(ec2, vpc_id, subnet_id)
        case steps.MakeZone(zone):
            maker.zone(zone)
        case steps.AddRecords(zone, records):
            maker.records(zone, records)
        case steps.MakeCertificate(certificate):
            maker.certificate(certificate)
        case steps.MakeSecret(secret):
            maker.secret(secret)
        case steps.MakeParameter(parameter):
            maker.parameter(parameter)
        case steps.MakeRepository(repository):
            maker.repository(repository)
        case steps.AddImages(name, images):
            maker.images(name, images)
        case steps.MakeKey(key):
            maker.key(key)
        case steps.MakeAlias(alias, key_id):
            maker.alias(alias, key_id)
        case steps.MakeBucket(bucket):
            maker.bucket(bucket)


def _words(error: Exception) -> str:
    if isinstance(error, JsonRESTError):
        return error.message
    return str(getattr(error, "message", "") or getattr(error, "description", "") or error)
