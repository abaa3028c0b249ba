"""Every error that Drydock raises on purpose, and the exit code of each.

DrydockError                     1   something failed
├── UsageError                   2   what was asked for makes no sense
│   └── ConfigError              2   drydock.toml is wrong
├── CheckFailed                  3   a check ran and found problems
├── FileDamaged                  1   a file of `.drydock` cannot be read as what Drydock wrote
├── RegionError                  1   the local region
│   ├── RegionRefused                its own words
│   ├── RegionNotRunning
│   ├── RegionAlreadyRunning
│   ├── RegionStartFailed
│   ├── NamespacesUnavailable
│   ├── PortUnavailable
│   ├── ProgramMissing               nft, haproxy, postgres
│   ├── SpawnFailed                  a process could not be started
│   ├── NetworkFailed
│   ├── BalancerFailed
│   ├── DatabaseFailed
│   ├── ImageNotFound
│   ├── AuthorityUnreadable
│   ├── NotSaved
│   │   └── StorageFailed            log events, metrics or S3 bodies
│   └── StateUnreadable
├── StackError                   1   Terraform and the stack
│   ├── TerraformMissing
│   ├── ProviderMissing
│   ├── TerraformFailed
│   ├── StateLocked
│   ├── PlanMissing
│   └── PlanTargetMismatch
├── PipelineError                1   GitHub's API refused, or was not reached
└── OpsError                     1   what is asked of AWS, local or not
    ├── CredentialsMissing
    ├── ResourceMissing
    ├── TaskFailed                   its exit code is the task's
    ├── DeploymentFailed
    ├── WaitGivenUp                  what is waited for cannot come
    └── WaitTimedOut

A message says what failed, why, and what to do next, in that order.
"""

from __future__ import annotations


class DrydockError(Exception):
    """Base of all errors: `subject` names what failed, `cause` says why, `remedy` what to do next."""

    exit_code: int = 1

    def __init__(self, subject: str, cause: str = "", remedy: str = "") -> None:
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
        super().__init__(subject, cause, remedy)

    def __str__(self) -> str:
        text = f"{self.subject}: {self.cause}" if self.cause else self.subject
        return f"{text}\n  Next: {self.remedy}" if self.remedy else text


class UsageError(DrydockError):
    """The request makes no sense; nothing was changed."""

    exit_code = 2


class ConfigError(UsageError):
    """drydock.toml, or an environment variable with the same meaning, is wrong."""


class CheckFailed(DrydockError):
    """A check ran to its end and found problems."""

    exit_code = 3


class FileDamaged(DrydockError):
    """A file of `.drydock` is not what Drydock wrote, and Drydock cannot create it again by itself."""


class RegionError(DrydockError):
    """The local region could not carry out a request."""


class RegionRefused(RegionError):
    """The region answered with an error; the message is the region's own."""


class RegionNotRunning(RegionError):
    """A command needs a running region and there is none."""


class RegionAlreadyRunning(RegionError):
    """A second region was to be started in the same folder."""


class RegionStartFailed(RegionError):
    """The region's processes did not come up."""


class NamespacesUnavailable(RegionError):
    """The kernel refuses user or network namespaces."""


class PortUnavailable(RegionError):
    """None of the requested host ports can be bound."""


class ProgramMissing(RegionError):
    """A program that the data plane consists of is not on this machine."""


class SpawnFailed(RegionError):
    """A process could not be started; `cause` has the system's own words."""


class NetworkFailed(RegionError):
    """A namespace, link, address, route or rule could not be made."""


class BalancerFailed(RegionError):
    """HAProxy refused its configuration or did not start."""


class DatabaseFailed(RegionError):
    """PostgreSQL could not be initialised, started or queried."""


class ImageNotFound(RegionError):
    """No [images] entry and no container engine has the image of a task."""


class AuthorityUnreadable(RegionError):
    """The region's certificate authority cannot be read, or is not private, or has expired."""


class NotSaved(RegionError):
    """A change of the local region could not be written to the disk."""


class StorageFailed(NotSaved):
    """Log events, metrics or S3 bodies cannot be written (a full disk, say); nothing has changed."""


class StateUnreadable(RegionError):
    """The saved control plane cannot be read."""


class StackError(DrydockError):
    """Terraform, or the stack it runs, failed."""


class TerraformMissing(StackError):
    """Neither terraform nor tofu, new enough, is on the path."""


class ProviderMissing(StackError):
    """No source has the AWS provider."""


class TerraformFailed(StackError):
    """Terraform ended with an error; its own words were shown as they came."""


class StateLocked(StackError):
    """Another Terraform works on the same state, or has left its lock behind."""


class PlanMissing(StackError):
    """`apply` needs a saved plan and there is none."""


class PlanTargetMismatch(StackError):
    """The saved plan was made for another target than the one it is applied to."""


class PipelineError(DrydockError):
    """GitHub's API refused a pipeline's request, or was not reached."""


class OpsError(DrydockError):
    """A request to the AWS API, local or not, failed."""


class CredentialsMissing(OpsError):
    """The AWS SDK found no usable credentials or region."""


class ResourceMissing(OpsError):
    """A required cluster, service, task or log group does not exist."""


class TaskFailed(OpsError):
    """A one-off task ended with an exit code other than 0; the command exits with the same code."""

    def __init__(self, subject: str, cause: str = "", remedy: str = "", *, exit_code: int = 1):
        super().__init__(subject, cause, remedy)
        self.exit_code = exit_code


class DeploymentFailed(OpsError):
    """A service's deployment has ended, but another one is serving."""


class WaitTimedOut(OpsError):
    """A condition did not become true before the deadline."""


class WaitGivenUp(OpsError):
    """A condition cannot become true; the region gives the reason."""
