"""Builds a Dockerfile without an engine, under a scratch folder, and runs what comes out.

Each stage's file system is one folder, at the same place for all stages, so what a step wrote down
about its place is true for the stage that copies it. Absolute paths of the Dockerfile are mapped
into it. What differs from an engine: the base image is this machine's Python, users are written
down and not taken on, and a command can see this machine outside its folder.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.packaging.dockerfile import DockerfileError, Instruction, Stage
from tests.packaging.dockerignore import Ignored

_STEP_S: Final = 300.0
_OWN_PLACES: Final = re.compile(r"/(?=(?:opt|src|var|etc|srv|app|home)(?:/|$|\s))")
_PASSED_ON: Final = re.compile(r"PIP_\w+|(?i:\w+_proxy)|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|HOME")
# What would change this machine is written down in the stage's /etc instead.
_WRITTEN_DOWN: Final = ("groupadd", "useradd", "chown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A built stage: where its file system is, and how it wants to be run."""

    root: Path
    shims: Path
    stage: Stage
    environment: Mapping[str, str]
    workdir: str = "/"

    def path(self, inside: str) -> Path:
        """Where an absolute path of the image is on this machine."""
        return self.root / inside.lstrip("/")

    def command(self, words: Sequence[str]) -> list[str]:
        """These words as a command line: the first one looked up on the image's PATH."""
        found = shutil.which(words[0], path=self.environment["PATH"])
        if found is None:
            message = f"{words[0]} is not on the image's PATH"
            raise DockerfileError(message)
        return [found, *words[1:]]

    def recorded(self, command: str) -> list[str]:
        """Arguments of every call of a command that is written down."""
        log = self.root / "etc" / command
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@dataclass(slots=True, kw_only=True)
class Engine:
    """Builds in `scratch` from the files of `context` that `ignored` lets through."""

    scratch: Path
    context: Path
    ignored: Ignored
    _finished: dict[str, Path] = field(default_factory=dict)

    def build(self, stages: Sequence[Stage]) -> Image:
        """Every stage in order; the last one is the image.

        Raises:
            DockerfileError: a step failed.
        """
        shims = self._shims()
        root = self.scratch / "root"
        for number, stage in enumerate(stages):
            root.mkdir()
            image = self._stage(stage, root, shims)
            if number < len(stages) - 1:
                kept = self.scratch / f"stage-{number}"
                root.rename(kept)
                self._finished[stage.name] = kept
        return image

    def _stage(self, stage: Stage, root: Path, shims: Path) -> Image:
        environment = {
            name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)
        }
        environment |= {"PATH": f"{shims}:/usr/local/bin:/usr/bin:/bin", "STAGE": str(root)}
        workdir = "/"
        for step in stage.instructions:
            if step.keyword == "ENV":
                values = _mapped_values(step.pairs(), root)
                environment |= {
                    name: value.replace("$PATH", environment["PATH"])
                    for name, value in values.items()
                }
            elif step.keyword == "WORKDIR":
                workdir = os.path.join(workdir, step.rest)  # noqa: PTH118 - of the image, not here
                (root / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif step.keyword == "COPY":
                self._copy(step, root, root / workdir.lstrip("/"))
            elif step.keyword == "RUN":
                self._run(step, root, root / workdir.lstrip("/"), environment)
        return Image(root=root, shims=shims, stage=stage, environment=environment, workdir=workdir)

    def _copy(self, step: Instruction, root: Path, workdir: Path) -> None:
        *sources, target = step.rest.split()
        into = root / target.lstrip("/") if target.startswith("/") else workdir / target
        if len(sources) > 1 and not target.endswith("/"):
            message = f"several sources need a folder to go to: {step.rest}"
            raise DockerfileError(message)
        for source in sources:
            if "from" in step.flags:
                origin = self._stage_called(step.flags["from"]) / source.lstrip("/")
            else:
                origin = self.context / source
                if self.ignored.ignores(source):
                    message = f".dockerignore holds back {source}"
                    raise DockerfileError(message)
            if not origin.exists():
                message = f"nothing to copy: {source}"
                raise DockerfileError(message)
            if origin.is_dir():
                shutil.copytree(
                    origin,
                    into,
                    symlinks=True,
                    dirs_exist_ok=True,
                    ignore=None if "from" in step.flags else self._held_back,
                )
            else:
                place = into / origin.name if target.endswith("/") else into
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, place)

    def _held_back(self, folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(self.context)
        return {name for name in names if self.ignored.ignores(str(inside / name))}

    def _stage_called(self, name: str) -> Path:
        if name not in self._finished:
            message = f"no stage is called {name}"
            raise DockerfileError(message)
        return self._finished[name]

    def _run(
        self, step: Instruction, root: Path, workdir: Path, environment: Mapping[str, str]
    ) -> None:
        done = subprocess.run(
            ["/bin/sh", "-c", _mapped(step.rest, root)],
            cwd=workdir,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=_STEP_S,
            check=False,
        )
        if done.returncode:
            message = f"RUN {step.rest}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            raise DockerfileError(message)

    def _shims(self) -> Path:
        """The base image's commands: this Python, and those that are only written down."""
        shims = self.scratch / "base"
        shims.mkdir()
        _script(shims / "python", f'exec {sys.executable} "$@"')
        for command in _WRITTEN_DOWN:
            _script(
                shims / command, f'mkdir -p "$STAGE/etc" && echo "$*" >> "$STAGE/etc/{command}"'
            )
        return shims


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def _mapped(text: str, root: Path) -> str:
    return _OWN_PLACES.sub(f"{root}/", text)


def _mapped_values(pairs: Mapping[str, str], root: Path) -> dict[str, str]:
    return {name: _mapped(value, root) for name, value in pairs.items()}
