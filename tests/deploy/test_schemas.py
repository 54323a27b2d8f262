import kubernetes_validate
import pytest
import yaml

VERSIONS = [f"1.{minor}" for minor in range(27, 38)]
SAME_NODE_VERSIONS = [f"1.{minor}" for minor in range(34, 38)]


@pytest.mark.parametrize("version", VERSIONS)
def test_base_is_valid(base, version):
    """Every object of the base passes the API schema of each supported Kubernetes."""
    for each in base.objects:
        assert kubernetes_validate.validate(each, version, strict=True) == version


@pytest.mark.parametrize("version", SAME_NODE_VERSIONS)
def test_same_node_is_valid(same_node, version):
    """The overlay passes the API schema of each Kubernetes that knows its routing."""
    for each in same_node.objects:
        assert kubernetes_validate.validate(each, version, strict=True) == version


def test_schemas_refuse_a_misspelt_field(base):
    """The schema check is strict: a field that Kubernetes does not know fails."""
    service = base.find("Service", "xray-service")
    service["spec"]["internalTraficPolicy"] = service["spec"].pop("internalTrafficPolicy")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(service, "1.36", strict=True)


def test_every_file_is_used(manifest_files):
    """Each file is named by the kustomization beside it, and by no other."""
    for path in manifest_files:
        if path.name == "kustomization.yaml":
            continue
        kustomization = yaml.safe_load((path.parent / "kustomization.yaml").read_text())
        generated = [
            name for each in kustomization.get("configMapGenerator", []) for name in each["files"]
        ]
        patched = [each["path"] for each in kustomization.get("patches", [])]
        assert [*kustomization.get("resources", []), *generated, *patched].count(path.name) == 1
