"""`.ci/secret-scan`: planted secrets are found, in the files and in the history."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.access.api_key import mint_api_key
from tests.packaging.tools import ROOT, run

GIT = shutil.which("git") or "git"

# Put together here, so that this file holds none itself.
PLANTED = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a key of AWS": "id = 'AKIA" + "Q3EGR5TZVOHNL2WX'",
    "a key id of Alibaba Cloud": "access_key_id: LTAI" + "5tQ8xWcVnB2mKjHgFdSa",
    "a key of ours": "curl -H 'authorization: Bearer " + mint_api_key("first") + "'",
    "a password": "password = '" + "k9#Lw2$vQz" + "'",
    "credentials in an address": "redis://user:" + "hunter22" + "@cache:6379/0",
}


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q")
        (folder / ".ci").mkdir()
        self.commit("README.md", "nothing to see\n")

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        subprocess.run(
            [GIT, *who, *words], cwd=self.folder, check=True, capture_output=True, timeout=60
        )

    def commit(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "-q", "-m", path)

    def scan(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run("secret-scan", *words, str(self.folder), tools=("detect-secrets", "git"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_files_without_secrets_are_green(repository: Repository) -> None:
    repository.commit("code.py", "secret: str = settings.secret\nHASH = 'sha256'\n")
    done = repository.scan()

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "secret-scan: 0 accepted, 0 new\n"


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_in_a_file_is_red_and_not_shown(repository: Repository, kind: str) -> None:
    repository.commit("deploy/settings.py", f"{PLANTED[kind]}\n")
    done = repository.scan()

    assert done.returncode == 1, done.stdout + done.stderr
    assert "deploy/settings.py:1: " in done.stdout
    assert PLANTED[kind] not in done.stdout


def test_a_secret_that_was_taken_out_again_is_still_in_the_history(
    repository: Repository,
) -> None:
    repository.commit("old/settings.py", f"{PLANTED['a private key']}\n")
    repository.git("rm", "-q", "old/settings.py")
    repository.commit("README.md", "gone\n")
    done = repository.scan()

    assert done.returncode == 1
    assert "old/settings.py, in the history: Private Key" in done.stdout


def test_a_secret_on_another_branch_or_in_a_merge_is_found(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("side.py", "x = 1\n")
    repository.git("checkout", "-q", "-")
    repository.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repository.commit("merged.py", f"{PLANTED['a key of AWS']}\n")
    repository.git("rm", "-q", "merged.py")
    repository.commit("README.md", "gone\n")

    assert "merged.py, in the history: AWS" in repository.scan().stdout


def test_what_was_accepted_is_green_and_the_list_holds_no_secret(repository: Repository) -> None:
    secret = PLANTED["a password"]
    repository.commit("tests/sample.py", f"{secret}\n")
    repository.scan("--accept")
    accepted = (repository.folder / ".ci" / "secret-scan.accepted").read_text(encoding="utf-8")
    repository.commit("another.py", "x = 1\n")

    assert repository.scan().returncode == 0
    assert secret.split("'")[1] not in accepted
    repository.commit("code.py", f"{PLANTED['a private key']}\n")
    assert repository.scan().returncode == 1, "only what was accepted is"


def test_what_this_project_accepts_is_in_its_tests_and_manuals() -> None:
    lines = (ROOT / ".ci" / "secret-scan.accepted").read_text(encoding="utf-8").splitlines()
    elsewhere = [line for line in lines if not line.partition(", ")[2].startswith("tests/")]

    assert sorted({line.partition("  ")[2] for line in elsewhere}) == [
        "Basic Auth Credentials, gateway/journal/opening.py",  # an address with `user:password@`
        "Secret Keyword, .ci/secret_formats.py",  # what secrets look like
        "Secret Keyword, deploy/kubernetes/deployment.yaml",  # `secretName: ota-gateway`
    ]
