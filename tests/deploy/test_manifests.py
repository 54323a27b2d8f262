import itertools

from fluoro.wire import ports


def _containers(manifests):
    return [container for pod in manifests.pods() for container in pod["containers"]]


def test_service_has_the_name_that_sdks_are_told(base):
    """Applications say xray-service.amazon:2000, UDP and TCP."""
    service = base.find("Service", "xray-service")
    assert service["metadata"]["namespace"] == "amazon"
    assert [(port["protocol"], port["port"]) for port in service["spec"]["ports"]] == [
        ("UDP", ports.AGENT),
        ("TCP", ports.AGENT),
    ]


def test_service_is_node_local_and_never_headless(base):
    """A ClusterIP, since SDKs keep the first address they resolve; only this node's agent."""
    spec = base.find("Service", "xray-service")["spec"]
    assert spec["type"] == "ClusterIP"
    assert "clusterIP" not in spec
    assert spec["internalTrafficPolicy"] == "Local"


def test_same_node_falls_back_to_another_agent(same_node):
    """The overlay prefers this node's agent and knows no `Local`, which has no fallback."""
    spec = same_node.find("Service", "xray-service")["spec"]
    assert spec["trafficDistribution"] == "PreferSameNode"
    assert "internalTrafficPolicy" not in spec


def test_services_select_their_pods(base):
    """A Service's selector is its workload's labels, and each target port is a named port there."""
    workloads = [base.find("DaemonSet", "fluoro-agent"), base.find("StatefulSet", "fluoro-server")]
    services = [base.find("Service", "xray-service"), base.find("Service", "fluoro")]
    for workload, service in zip(workloads, services, strict=True):
        template = workload["spec"]["template"]
        assert service["spec"]["selector"] == template["metadata"]["labels"]
        assert workload["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
        names = {(p["name"], p["protocol"]) for p in template["spec"]["containers"][0]["ports"]}
        targets = {(p["targetPort"], p["protocol"]) for p in service["spec"]["ports"]}
        assert targets < names


def test_pods_are_restricted(base):
    """Every pod holds what Pod Security `restricted` asks for, and both namespaces enforce it."""
    for pod in base.pods():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert {kind for volume in pod["volumes"] for kind in volume} <= {
            "name",
            "configMap",
            "emptyDir",
        }
    for container in _containers(base):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert not any("hostPort" in port for port in container["ports"])
    for name in ("amazon", "fluoro"):
        labels = base.find("Namespace", name)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_pod_reaches_the_kubernetes_api(base):
    """Nothing here needs it: no token in a pod, no role."""
    assert all(pod["automountServiceAccountToken"] is False for pod in base.pods())
    assert not {"ClusterRole", "Role"} & {each["kind"] for each in base.objects}


def test_no_container_has_a_cpu_limit(base):
    """A throttled agent loses datagrams; memory is always limited."""
    for container in _containers(base):
        assert container["resources"]["limits"].keys() == {"memory"}


def test_agents_are_replaced_without_a_gap(base):
    """The new agent is ready first, and the old one drains within its grace period."""
    spec = base.find("DaemonSet", "fluoro-agent")["spec"]
    assert spec["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    drain_s = base.settings("agent")["drain_s"]
    probe = pod["containers"][0]["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < drain_s
    assert pod["terminationGracePeriodSeconds"] > drain_s + 30
    assert "lifecycle" not in pod["containers"][0]


def test_agents_run_on_every_node(base):
    """Any taint is tolerated, so no node that runs applications is without an agent."""
    pod = base.find("DaemonSet", "fluoro-agent")["spec"]["template"]["spec"]
    assert {"operator": "Exists"} in pod["tolerations"]


def test_one_server_holds_the_store(base):
    """One replica, a volume that outlives it, and the store's folder on that volume."""
    spec = base.find("StatefulSet", "fluoro-server")["spec"]
    assert spec["replicas"] == 1
    assert spec["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Retain",
    }
    (claim,) = spec["volumeClaimTemplates"]
    mounts = spec["template"]["spec"]["containers"][0]["volumeMounts"]
    (mount,) = [each for each in mounts if each["name"] == claim["metadata"]["name"]]
    assert base.settings("server")["data"] == mount["mountPath"]


def test_ports_are_those_of_the_programs(base):
    """Container ports and listen addresses state the numbers of wire/ports.py."""
    agent, server = base.settings("agent"), base.settings("server")
    stated = {
        ports.AGENT: [agent["udp_address"], agent["tcp_address"]],
        ports.AGENT_ADMIN: [agent["admin_address"]],
        ports.SERVER: [server["address"]],
        ports.SERVER_ADMIN: [server["admin_address"]],
    }
    for port, addresses in stated.items():
        assert all(address == f"[::]:{port}" for address in addresses)
    opened = itertools.chain.from_iterable(each["ports"] for each in _containers(base))
    assert {port["containerPort"] for port in opened} == stated.keys()


def test_agents_send_to_the_server(base):
    """The agent's upstream is the server's Service."""
    service = base.find("Service", "fluoro")
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    port = service["spec"]["ports"][0]["port"]
    assert base.settings("agent")["upstream"] == f"http://{name}.{namespace}.svc:{port}"
