"""What a release consists of: licences that are stated, tools that are pinned."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_licence_of_each_dependency_is_stated():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    table = re.findall(r"^\| ([\w-]+)", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    assert [name for name in project["dependencies"] if re.split(r"[<>=]", name)[0] not in table] == []


def test_each_tool_that_builds_wheels_has_one_version():
    tools = (ROOT / "packaging" / "requirements.txt").read_text().splitlines()
    assert [tool for tool in tools if not re.fullmatch(r"[\w-]+==[\d.]+|# .*", tool)] == []
