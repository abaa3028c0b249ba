"""A container engine of this machine, docker or podman: build, tag, push. Its output is passed on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import OpsError, UsageError
from drydock.ops.registry import Login

NAMES = ("docker", "podman")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Engine:
    """A program that builds and pushes images."""

    program: str
    name: str
    env: Mapping[str, str]

    def build(
        self,
        tag: str,
        context: Path,
        file: Path,
        tell: Callable[[str], None],
        arguments: Sequence[str] = (),
    ) -> None:
        """Build an image. Raises OpsError: the build failed; its output was passed to `tell`."""
        words = ["build", "-t", tag, "-f", str(file), *(f"--build-arg={one}" for one in arguments)]
        self._run([*words, str(context)], tell)

    def push(self, local: str, remote: str, login: Login, tell: Callable[[str], None]) -> str:
        """Push an image under another name; return its digest in the registry. Raises OpsError.

        The password is given on standard input; the engine's login file is deleted with the push.
        """
        self._run(["tag", local, remote], tell)
        with tempfile.TemporaryDirectory(prefix="drydock-") as folder:
            kept = {"DOCKER_CONFIG": folder, "REGISTRY_AUTH_FILE": f"{folder}/config.json"}
            words = ["login", "--username", login.user, "--password-stdin", login.host]
            self._run(words, lambda _: None, stdin=login.password, env=kept)
            if self.name == "podman":
                digest = Path(folder) / "digest"
                self._run(["push", "--digestfile", str(digest), remote], tell, env=kept)
                found = _DIGEST.search(digest.read_text())
            else:
                self._run(["push", remote], tell, env=kept)
                found = self._repository_digest(remote)
        if found is None:
            raise OpsError(
                f"{remote} was pushed", f"{self.name} does not tell its digest", "push again"
            )
        return found[0]

    def _repository_digest(self, remote: str) -> re.Match[str] | None:
        words = [self.program, "image", "inspect", "--format", "{{json .RepoDigests}}", remote]
        done = subprocess.run(
            words, env=dict(self.env), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            return None
        name = remote.rpartition(":")[0]
        digests = [one for one in json.loads(done.stdout) or [] if one.startswith(f"{name}@")]
        return _DIGEST.search(digests[-1]) if digests else None

    def _run(
        self,
        words: Sequence[str],
        tell: Callable[[str], None],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
    ) -> None:
        with subprocess.Popen(
            [self.program, *words],
            env={**self.env, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            last = ""
            if process.stdin is not None:
                process.stdin.write(stdin)
                process.stdin.close()
            for line in process.stdout or ():
                last = line.strip() or last
                tell(line.rstrip())
        if process.returncode != 0:
            raise OpsError(
                f"{self.name} {words[0]} failed",
                last or f"it exited with {process.returncode}",
                "mend what it names; is its service running?",
            )


def find(environ: Mapping[str, str], wanted: str = "") -> Engine:
    """Return docker, else podman; or the engine `wanted`. Raises UsageError: it is not on the PATH."""
    for name in (wanted,) if wanted else NAMES:
        program = shutil.which(name, path=environ.get("PATH", ""))
        if program is not None:
            return Engine(program, Path(name).name, environ)
    raise UsageError(
        "no container engine",
        f"{wanted or ' and '.join(NAMES)} not on the path",
        "install docker or podman; or build the image elsewhere and set TF_VAR_container_image",
    )
