"""SECURITY.md: what it points to is there."""

import re

from tests.packaging.tools import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_file_it_names_is_there() -> None:
    named = {
        word.rstrip("/") for word in re.findall(r"`((?:tests|deploy|\.ci|gateway)/[\w./-]*)`", TEXT)
    }

    assert len(named) > 10
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_it_says_how_to_report_in_private_and_what_is_supported() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)

    assert headings == ["Report a weakness", "What is at stake", "Where trust ends", "What is left"]
    assert "Report a vulnerability" in TEXT
    assert "newest release" in TEXT
