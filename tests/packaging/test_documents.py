"""Links of all pages lead somewhere, and the pages for operators say the same as the program."""

import json
import re
import tomllib

import pytest

from conftest import ROOT

PAGES = ["operations.md", "sessions.md"]
LINKED = sorted(page.relative_to(ROOT).as_posix() for page in
                [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").glob("*/*.md")])


def anchors_of(path):
    """Anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_somewhere(page):
    path = ROOT / page
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\((?!https?:)([^) ]+)\)", text):
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


def test_the_page_of_the_api_knows_every_parameter():
    described = json.loads((ROOT / "http/openapi.json").read_text())["components"]["schemas"]
    page = (ROOT / "docs/api.md").read_text().split("\n### Parameters\n")[1].split("\n## ")[0]
    for name in described["ChatCompletionRequest"]["properties"]:
        assert re.search(rf"`{name}[`.]", page) or name == "messages", name


def test_the_page_of_the_api_lists_every_endpoint():
    page = (ROOT / "docs/api.md").read_text().split("\n## ")[0]
    for path, methods in json.loads((ROOT / "http/openapi.json").read_text())["paths"].items():
        for method in {"get", "post", "delete"} & set(methods):
            assert f"| `{method.upper()} {path}` |" in page, (method, path)


def test_exit_codes_are_the_same_in_manual_and_page():
    manual = (ROOT / "packaging/man/claude-code-api.1").read_text()
    codes = re.findall(r"^\.It (\d+)$", manual.split(".Sh EXIT STATUS")[1], re.MULTILINE)
    page = (ROOT / "docs/operations.md").read_text().split("| exit code")[1].split("##")[0]
    assert codes == re.findall(r"^\| (\d+) \|", page, re.MULTILINE)


def test_the_packages_version_is_the_programs():
    version = re.search(r"project\(\S+ VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    first = (ROOT / "packaging/debian/changelog").read_text().splitlines()[0]
    assert first.startswith(f"claude-code-api ({version}-1) ")
