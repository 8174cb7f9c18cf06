"""The pages for operators lead somewhere, and say the same as the program."""

import re
import tomllib

import pytest

from conftest import ROOT

PAGES = ["operations.md", "sessions.md"]


def anchors_of(path):
    """Anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / "docs" / page
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text())
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        target = (path.parent / file) if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_defaults_in_the_tables_are_those_of_the_program():
    defaults = tomllib.loads((ROOT / "config/default.toml").read_text())
    rows = re.findall(r"`(\w+)\.(\w+)` \(([\d,]+)\)",
                      "".join((ROOT / "docs" / page).read_text() for page in PAGES))
    assert len(rows) >= 5
    for section, key, value in rows:
        assert defaults[section][key] == int(value.replace(",", "")), f"{section}.{key}"


def test_exit_codes_are_the_same_in_manual_and_page():
    manual = (ROOT / "packaging/man/claude-code-api.1").read_text()
    codes = re.findall(r"^\.It (\d+)$", manual.split(".Sh EXIT STATUS")[1], re.MULTILINE)
    page = (ROOT / "docs/operations.md").read_text().split("| exit code")[1].split("##")[0]
    assert codes == re.findall(r"^\| (\d+) \|", page, re.MULTILINE)


def test_the_packages_version_is_the_programs():
    version = re.search(r"project\(\S+ VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    first = (ROOT / "packaging/debian/changelog").read_text().splitlines()[0]
    assert first.startswith(f"claude-code-api ({version}-1) ")
