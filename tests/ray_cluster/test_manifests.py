"""The cluster files of the guide are what Ray and KubeRay take, as far as this can be known without them running."""

from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")
# Fields of ray.io/v1 (KubeRay 1.4) that are required, and others that the manifest may have.
JOB = set(), {"entrypoint", "rayClusterSpec", "shutdownAfterJobFinishes", "backoffLimit", "ttlSecondsAfterFinished"}
CLUSTER = {"headGroupSpec"}, {"workerGroupSpecs", "rayVersion", "enableInTreeAutoscaling", "autoscalerOptions"}
HEAD = {"rayStartParams", "template"}, {"serviceType", "headService", "enableIngress"}
WORKERS = {"groupName", "minReplicas", "maxReplicas", "rayStartParams", "template"}, {"replicas", "numOfHosts"}
GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def test_the_cluster_file_satisfies_the_schema_of_ray() -> None:
    util = pytest.importorskip("ray.autoscaler._private.util")
    util.validate_config(util.prepare_config(yaml.safe_load((GUIDES / "cluster.yaml").read_text("utf-8"))))


def assert_fields(found: dict[str, Any], fields: tuple[set[str], set[str]]) -> None:
    required, optional = fields
    assert required <= found.keys() <= required | optional


def containers(template: Any) -> list[Any]:
    assert template.keys() == {"spec"}
    found: list[Any] = template["spec"]["containers"]
    return found


def test_the_job_has_the_fields_that_the_resource_requires() -> None:
    job = yaml.safe_load((GUIDES / "rayjob.yaml").read_text("utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert_fields(job["spec"], JOB)
    assert_fields(cluster, CLUSTER)
    assert_fields(cluster["headGroupSpec"], HEAD)
    for group in cluster["workerGroupSpecs"]:
        assert_fields(group, WORKERS)
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        for container in containers(group["template"]):
            assert container.keys() >= {"name", "image", "resources"}
            assert container["resources"]["requests"] == container["resources"]["limits"]
    assert all(group["minReplicas"] <= group["replicas"] <= group["maxReplicas"] for group in groups[1:])
    options = job["spec"]["entrypoint"].split()
    assert options[:2] == ["seqwright", "predict"]
