"""The manifests as `kubectl kustomize` would print them, for the few features that they use."""

import copy
from pathlib import Path

import pytest
import yaml

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"


def render(folder: Path) -> list[dict]:
    """Build a kustomization of resources, generated ConfigMaps, components and merge patches.

    Names of generated ConfigMaps keep no hash; any other feature is an error, so that a test never
    passes on something that it did not understand.
    """
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    known = {"apiVersion", "kind", "namespace", "resources", "components", "patches"}
    assert kustomization.keys() <= known | {"configMapGenerator"}, folder
    objects = []
    for name in kustomization.get("resources", []):
        path = folder / name
        if path.is_dir():
            objects += render(path)
        else:
            objects += list(yaml.safe_load_all(path.read_text()))
    objects += [_config_map(folder, kustomization, each) for each in _generators(kustomization)]
    patches = _patches(folder, kustomization)
    for component in kustomization.get("components", []):
        inner = folder / component
        patches += _patches(inner, yaml.safe_load((inner / "kustomization.yaml").read_text()))
    for patch in patches:
        (target,) = [each for each in objects if _key(each) == _key(patch)]
        _merge(target, patch)
    return objects


def _generators(kustomization: dict) -> list[dict]:
    return kustomization.get("configMapGenerator", [])


def _config_map(folder: Path, kustomization: dict, generator: dict) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": generator["name"],
            "namespace": kustomization["namespace"],
            "labels": generator["options"]["labels"],
        },
        "data": {name: (folder / name).read_text() for name in generator["files"]},
    }


def _patches(folder: Path, kustomization: dict) -> list[dict]:
    return [
        yaml.safe_load((folder / patch["path"]).read_text())
        for patch in kustomization.get("patches", [])
    ]


def _key(thing: dict) -> tuple[str, str | None, str]:
    metadata = thing["metadata"]
    return thing["kind"], metadata.get("namespace"), metadata["name"]


def _merge(target: dict, patch: dict) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value


class Manifests:
    """Rendered objects, found by kind and name."""

    def __init__(self, folder: str) -> None:
        self.objects = render(KUBERNETES / folder)

    def find(self, kind: str, name: str) -> dict:
        """A copy of the one object of that kind and name."""
        (found,) = [
            each
            for each in self.objects
            if each["kind"] == kind and each["metadata"]["name"] == name
        ]
        return copy.deepcopy(found)

    def pods(self) -> list[dict]:
        """Pod specs of all workloads."""
        return [
            each["spec"]["template"]["spec"]
            for each in self.objects
            if each["kind"] in {"DaemonSet", "StatefulSet"}
        ]

    def settings(self, program: str) -> dict:
        """What the ConfigMap of `agent` or `server` sets."""
        text = self.find("ConfigMap", f"fluoro-{program}")["data"]["fluoro.yaml"]
        return yaml.safe_load(text)[program]


@pytest.fixture(scope="session")
def base() -> Manifests:
    return Manifests("base")


@pytest.fixture(scope="session")
def same_node() -> Manifests:
    return Manifests("overlays/same-node")


@pytest.fixture(scope="session")
def manifest_files() -> list[Path]:
    return sorted(KUBERNETES.rglob("*.yaml"))
