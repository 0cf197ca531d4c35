"""The workflows on GitHub run exactly what was reviewed, and may do no more than they need."""

import re
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_to_a_commit(workflow):
    actions = re.findall(r"uses: *(.+)", workflow.read_text())
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_each_workflow_may_only_read_by_default(workflow):
    assert "\npermissions:\n  contents: read\n" in workflow.read_text()


def test_a_release_is_tested_then_attested_then_published_without_a_password():
    workflow = next(path for path in WORKFLOWS if path.name == "release.yml").read_text()
    before, publication = workflow.split("\n  publish:\n")
    assert ": write" not in before
    assert "secrets." not in workflow
    assert "if: github.ref_type == 'tag'" in publication
    assert set(re.search(r"needs: \[(.+)\]", publication)[1].split(", ")) == {"linux-test", "wheels", "source"}
    used = re.findall(r"uses: ([\w./-]+)@", publication)
    assert used[-3:] == ["actions/attest-build-provenance", "actions/attest-sbom", "pypa/gh-action-pypi-publish"]
