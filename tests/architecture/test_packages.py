"""What a release consists of: licences that are stated, tools that are pinned."""

import re
import runpy
import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_licence_of_each_dependency_is_stated():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    table = re.findall(r"^\| ([\w-]+)", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    assert [name for name in project["dependencies"] if re.split(r"[<>=]", name)[0] not in table] == []


def test_each_tool_that_builds_wheels_has_one_version():
    tools = (ROOT / "packaging" / "requirements.txt").read_text().splitlines()
    assert [tool for tool in tools if not re.fullmatch(r"[\w-]+==[\d.]+|# .*", tool)] == []


@pytest.mark.parametrize(
    ("metadata", "name", "permitted"),
    [
        ("License-Expression: MIT", "MIT", True),
        ("License-Expression: GPL-3.0-only OR MIT", "GPL-3.0-only OR MIT", True),
        ("License-Expression: GPL-3.0-only AND MIT", "GPL-3.0-only AND MIT", False),
        ("License-Expression: MIT AND (ISC OR Zlib)", "MIT AND (ISC OR Zlib)", True),
        ("Classifier: License :: OSI Approved :: MIT License\nLicense: BSD", "MIT License", True),
        ("Classifier: License :: OSI Approved\nLicense: Apache 2.0", "Apache 2.0", True),
        ("License: LicenseRef-Proprietary", "LicenseRef-Proprietary", False),
        ("Summary: states nothing", "unknown", False),
    ],
)
def test_a_licence_is_read_and_must_be_one_of_those_allowed(tmp_path, metadata, name, permitted):
    (tmp_path / "METADATA").write_text(f"Metadata-Version: 2.4\nName: other\nVersion: 1\n{metadata}\n")
    check = runpy.run_path(str(ROOT / "packaging" / "check-licences"))
    assert check["licence"](PathDistribution(tmp_path)) == name
    assert check["allowed"](name) == permitted
