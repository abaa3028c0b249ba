"""Resolve a container's image: a program of this machine, or an image of the container engine.

An [images] entry of drydock.toml comes first.
"""

from __future__ import annotations

import os

from drydock.config import ImageConfig
from drydock.errors import ImageNotFound, SpawnFailed
from drydock.region.dataplane.runtime.command import ProcessImage
from drydock.region.dataplane.runtime.images import ContainerImage, ImageStore, choose_engine
from drydock.region.dataplane.runtime.system_files import homes
from drydock.region.dataplane.runtime.visible import Surroundings
from drydock.region.services.kit.parts import Parts

Image = ProcessImage | ContainerImage


class TaskImages:
    """Resolves image references. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        """Remove unpacked images that were not used lately; no container runs yet."""
        settings = parts.config.region
        self._config = parts.config
        self._around = Surroundings(
            private=[str(parts.workspace.folder.resolve())],
            written=[
                os.path.realpath(one)
                for image in parts.config.images.values()
                for one in image.write
            ],
            homes=homes(),
        )
        self._store = ImageStore(
            choose_engine(settings.container_engine),
            parts.porter.engine,
            parts.spawner,
            parts.workspace.region / "images",
            pull=settings.pull_images,
        )
        self._store.prune()

    @property
    def engine(self) -> str:
        """The name of the container engine that provides images; empty: there is none."""
        return self._store.name

    def find(self, reference: str) -> Image:
        """Return the image, ready to be run. Raises ImageNotFound."""
        config = self._config.image(reference)
        if config is None or config.driver == "container":
            return self._of_engine(reference, config)
        return ProcessImage(
            entrypoint=config.entrypoint,
            command=config.command,
            working_dir=str(config.working_dir or ""),
            environment=config.environment,
            user=config.user,
            name=self._config.entry(reference) or reference,
            read=[str(one) for one in config.read],
            write=[str(one) for one in config.write],
            around=self._around,
        )

    def _of_engine(self, reference: str, config: ImageConfig | None) -> ContainerImage:
        try:
            return self._store.find(reference)
        except (ImageNotFound, SpawnFailed) as error:
            words = f"{error.cause}: {error.remedy}" if error.remedy else error.cause
            if config is None:
                known = ", ".join(self._config.images) or "none"
                words = (
                    f"no [images] entry of drydock.toml fits it (there are: {known}): add one and "
                    f"restart the region; {words}"
                )
            raise ImageNotFound(reference, words) from error
