"""The stand-in for a container engine: what an engine would refuse, it refuses."""

from pathlib import Path

import pytest

from tests.packaging.dockerfile import DockerfileError, parse
from tests.packaging.dockerignore import Ignored
from tests.packaging.engine import Engine, Image

BASE = "FROM python:3.11 AS build\n"


def build(folder: Path, text: str, *, ignore: str = "") -> Image:
    context = folder / "context"
    context.mkdir()
    (context / "greeting").write_text("hello\n", encoding="utf-8")
    (context / "code").mkdir()
    (context / "code" / "kept").touch()
    (context / "code" / "left").touch()
    scratch = folder / "scratch"
    scratch.mkdir()
    engine = Engine(scratch=scratch, context=context, ignored=Ignored.parse(ignore))
    return engine.build(parse(text))


def test_steps_act_in_the_image_in_order(tmp_path: Path) -> None:
    image = build(
        tmp_path,
        BASE + "WORKDIR /src\nCOPY greeting ./\nENV NAME=there PLACE=/opt/x\n"
        'RUN mkdir -p /opt/x \\\n && echo "$(cat greeting) $NAME" > "$PLACE/said"\n',
    )

    assert image.path("/opt/x/said").read_text(encoding="utf-8") == "hello there\n"


def test_a_later_stage_has_only_what_it_copies(tmp_path: Path) -> None:
    image = build(
        tmp_path,
        BASE + "RUN mkdir -p /opt/a /opt/b && touch /opt/a/1 /opt/b/2\n"
        "FROM python:3.11\nCOPY --from=build /opt/a /opt/a\n",
    )

    assert sorted(path.name for path in image.root.rglob("*")) == ["1", "a", "opt"]


def test_a_program_knows_its_place_in_the_stage_that_copied_it(tmp_path: Path) -> None:
    image = build(
        tmp_path,
        BASE + "RUN mkdir -p /opt/bin && echo 'echo /opt/bin' > /opt/bin/where "
        "&& chmod +x /opt/bin/where\n"
        "FROM python:3.11\nCOPY --from=build /opt/bin /opt/bin\nENV PATH=/opt/bin:$PATH\n",
    )

    assert image.command(["where"]) == [str(image.path("/opt/bin/where"))]
    assert str(image.root) in image.path("/opt/bin/where").read_text(encoding="utf-8")


def test_what_is_ignored_is_left_out_of_a_folder(tmp_path: Path) -> None:
    image = build(tmp_path, BASE + "COPY code /src/code\n", ignore="code/left\n")

    assert [path.name for path in image.path("/src/code").iterdir()] == ["kept"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("COPY missing ./\n", "nothing to copy"),
        ("COPY greeting missing ./\n", "nothing to copy"),
        ("COPY greeting code there\n", "several sources"),
        ("COPY --from=nowhere /opt /opt\n", "no stage is called nowhere"),
        ("RUN true && false\n", "RUN true && false"),
        ("RUN cd /opt/not-there\n", "not-there"),
        ("ADD https://example.com/x /x\n", "not understood"),
        ("run true\n", "not understood"),
        ("ENV NAME\n", "key=value"),
        ("RUN true \\\n", "continued line"),
    ],
)
def test_a_step_that_cannot_work_fails_the_build(tmp_path: Path, steps: str, said: str) -> None:
    with pytest.raises(DockerfileError, match=said):
        build(tmp_path, BASE + steps)


def test_an_ignored_file_cannot_be_copied(tmp_path: Path) -> None:
    with pytest.raises(DockerfileError, match="holds back greeting"):
        build(tmp_path, BASE + "COPY greeting ./\n", ignore="*\n!code\n")


def test_a_command_that_is_not_there_cannot_be_run(tmp_path: Path) -> None:
    image = build(tmp_path, BASE)

    with pytest.raises(DockerfileError, match="no-such-program"):
        image.command(["no-such-program"])


def test_the_shell_form_of_a_command_is_refused() -> None:
    (stage,) = parse(BASE + "CMD ota-gateway serve\n")

    with pytest.raises(DockerfileError, match="JSON list"):
        stage.last("CMD").words()


def test_users_are_written_down_and_not_made(tmp_path: Path) -> None:
    image = build(tmp_path, BASE + "RUN useradd --uid 4711 somebody\n")

    assert image.recorded("useradd") == ["--uid 4711 somebody"]
