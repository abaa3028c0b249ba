"""What a container's image is: a program of this machine, or an image of the container engine.

An [images] entry of drydock.toml comes first.
"""

from __future__ import annotations

import os

from drydock.config import ImageConfig
from drydock.errors import ImageNotFound, SpawnFailed
from drydock.region.controllers.parts import Parts
from drydock.region.runtime.command import ProcessImage
from drydock.region.runtime.images import ContainerImage, ImageStore, choose_engine
from drydock.region.runtime.system_files import homes
from drydock.region.runtime.visible import Surroundings

Image = ProcessImage | ContainerImage


class TaskImages:
    """Finds images. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        """Nothing runs yet: unpacked images that were not used lately are removed."""
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
        """Which one is asked for images; empty: none is there."""
        return self._store.name

    def find(self, reference: str) -> Image:
        """The image, ready to be run. Raises ImageNotFound."""
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
