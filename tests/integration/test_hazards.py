# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services whose clients Local would cut off are left as they are: each hazard with real objects."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._service.announcers import VIP_HOST
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import ORIGINAL
from ansible_collections.netguard.calico.plugins.module_utils._service.hazard import CLUSTER_KINDS, KINDS
from ansible_collections.netguard.calico.plugins.module_utils._service.surroundings import NODE_PORTS

import accounts
from ansible_run import Ansible, Answer
from cluster_content import Content
from conftest import OWN
from control_plane import ApiError, ControlPlane
from data_plane_settings import calico, calico_node, kube_proxy
from missing_rights import Right, without
from requests_seen import Requests

MODULE = "service_external_traffic_policy"
# Neither Services nor what is around them has to do with how Calico's API is served.
pytestmark = [pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session"), pytest.mark.any_versions]
NODES = {"n1": "172.30.0.11", "n2": "172.30.0.12"}
EXCLUDED = {"node.kubernetes.io/exclude-from-external-load-balancers": ""}
Object = dict[str, Any]


def endpoint(address: str, node: str | None, **conditions: bool) -> Object:
    return {"addresses": [address], "conditions": conditions, **({"nodeName": node} if node else {})}


ONE, TWO = endpoint("10.244.1.10", "n1"), endpoint("10.244.2.10", "n2")
ENDING = {"ready": False, "serving": True, "terminating": True}
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "maker", "uid": "1-2-3", "controller": True}


@dataclass(frozen=True)
class Case:
    """What is put into the cluster for one hazard, and what the module is asked besides."""

    endpoints: Sequence[Object] = (ONE, TWO)
    type: str = "NodePort"
    owners: Sequence[Object] = ()
    excluded: Sequence[str] = ()
    ingress: Sequence[Object] = ()
    entry_nodes: Sequence[str] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    six: Sequence[Object] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    others: Sequence[tuple[str, Object]] = ()
    kubelet: str = "v1.36.3"
    hosts_let_in: Sequence[str] = ()


SHARED = {"metallb.io/allow-shared-ip": "edge"}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
L2_STATUSES = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicel2statuses.metallb.io"},
    "spec": {
        "group": "metallb.io",
        "scope": "Namespaced",
        "names": {"plural": "servicel2statuses", "singular": "servicel2status", "kind": "ServiceL2Status"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
DIRECT = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
CASES = {
    "managed_by_controller": Case(owners=[OWNER]),
    "no_endpoint_with_node": Case([endpoint("192.0.2.1", None)]),
    "endpoint_node_unknown": Case([ONE, endpoint("10.244.9.10", "n1.example.com")]),
    "only_terminating_endpoints": Case([endpoint("10.244.1.10", "n1", **ENDING)]),
    "endpoints_on_excluded_nodes": Case([ONE], "LoadBalancer", excluded=["n1"]),
    "nodes_without_local_endpoint": Case([ONE]),
    "single_endpoint": Case([ONE]),
    "endpoints_on_one_node": Case([ONE, endpoint("10.244.1.11", "n1")]),
    "shared_load_balancer_address": Case(type="LoadBalancer", annotations=SHARED),
    "dual_stack_health_check": Case([ONE], "LoadBalancer", six=[endpoint("fd00::2", "n2")]),
    "managed_by_applier": Case(annotations={LAST_APPLIED: json.dumps({"spec": {"externalTrafficPolicy": "Cluster"}})}),
    "no_benefit_direct_to_pod": Case(type="LoadBalancer", annotations={DIRECT: "ip"}),
    "load_balancer_reconfigured": Case(type="LoadBalancer", ingress=[{"ip": "192.0.2.1"}]),
    "no_benefit_proxy_load_balancer": Case(type="LoadBalancer", ingress=[{"ip": "192.0.2.1", "ipMode": "Proxy"}]),
    "host_network_endpoints": Case([endpoint(NODES["n1"], "n1"), TWO]),
    "no_ready_endpoint": Case([]),
    "put_back_before": Case(annotations={ORIGINAL: json.dumps({"externalTrafficPolicy": "Cluster"})}),
    "health_check_port_blocked": Case(
        type="LoadBalancer", others=[calico("HostEndpoint", "n1", node="n1", interfaceName="*")]
    ),
    "health_check_port_uncertain": Case(
        type="LoadBalancer",
        others=[calico("HostEndpoint", "n1", node="n1", interfaceName="*")],
        hosts_let_in=["192.0.2.0/24"],
    ),
    "health_check_port_opened": Case(type="LoadBalancer"),
    "announcer_without_endpoint": Case([ONE], "LoadBalancer", annotations={VIP_HOST: "n2"}),
    "single_announcer": Case(type="LoadBalancer", annotations={VIP_HOST: "n2"}),
    "terminating_not_served": Case(kubelet="v1.25.16"),
    "only_proxy_sees_client": Case(labels={"app.kubernetes.io/name": "ingress-nginx"}),
}


@pytest.fixture
def shop(content: Content) -> Content:
    for name, address in NODES.items():
        content.node(name, address)
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        content.patch(f"/api/v1/nodes/{name}/status", {"status": ready})
    content.namespace("shop")
    return content


def put(content: Content, case: Case) -> None:
    families = {"ipFamilyPolicy": "RequireDualStack"} if case.six else {}
    content.service("shop", "web", case.type, selector=None, annotations=dict(case.annotations), **families)
    if case.annotations == SHARED:
        content.service("shop", "other", "LoadBalancer", annotations=SHARED)
    service = content.services("shop")["web"]
    owners = [{**owner, "uid": service["metadata"]["uid"]} for owner in case.owners]
    content.patch_service("shop", "web", {"metadata": {"ownerReferences": owners, "labels": dict(case.labels)}})
    content.patch(
        "/api/v1/namespaces/shop/services/web/status", {"status": {"loadBalancer": {"ingress": list(case.ingress)}}}
    )
    for path, body in case.others:
        content.put(path, body)
    if case.hosts_let_in:
        rule = {"action": "Allow", "source": {"nets": list(case.hosts_let_in)}}
        content.policy(
            "hosts", order=1, selector="!has(projectcalico.org/namespace)", types=["Ingress"], ingress=[rule]
        )
    for name in NODES:
        content.patch(f"/api/v1/nodes/{name}/status", {"status": {"nodeInfo": {"kubeletVersion": case.kubelet}}})
    for node in case.excluded:
        content.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": EXCLUDED}})
    for family, endpoints in (("IPv4", case.endpoints), ("IPv6", case.six)):
        body = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"web-{family.lower()}", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": family,
            "endpoints": list(endpoints),
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        }
        content.request("POST", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", body)


def put_once_served(content: Content, path: str, body: Object) -> None:
    """Puts an object of a kind that is new, which the server serves a moment later."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return content.put(path, body)
        except ApiError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def became(content: Content) -> str:
    return str(content.services("shop")["web"]["spec"]["externalTrafficPolicy"])


def ids(answer: Answer) -> list[str]:
    (service,) = answer.result["services"]
    return [hazard["id"] for hazard in service["hazards"]]


@pytest.mark.parametrize("hazard", [hazard for hazard in KINDS if hazard != "node_port_range_exhausted"])
def test_what_would_cut_clients_off_is_refused_and_the_rest_said(
    ansible: Ansible, shop: Content, requests: Callable[[], Requests], hazard: str
) -> None:
    case = CASES[hazard]
    put(shop, case)
    options: Object = {"names": ["shop/web"], **({"entry_nodes": list(case.entry_nodes)} if case.entry_nodes else {})}
    refuses = KINDS[hazard].severity == "refuse"
    for check in (True, False):
        with requests() as seen:
            answer = ansible.module(MODULE, check=check, **options)
        assert not answer.failed, answer.output
        (service,) = answer.result["services"]
        assert service["status"] == ("refused" if refuses else "changed")
        assert hazard in ids(answer)
        assert len(seen.writes) == (0 if check or refuses else 1)
    assert became(shop) == ("Cluster" if refuses else "Local")
    said = " ".join(answer.result.get("warnings", ()))
    assert (hazard in said) is (KINDS[hazard].severity != "note")
    if refuses:
        assert answer.result["counts"]["refused"] == 1
        ignoring = ansible.module(MODULE, **options, ignore_hazards=[hazard])
        assert (ignoring.failed, ignoring.changed, became(shop)) == (False, True, "Local")


def test_the_ports_for_health_checks_are_counted_before_the_first_write(
    ansible: Ansible, shop: Content, requests: Callable[[], Requests]
) -> None:
    put(shop, Case(type="LoadBalancer"))
    for first in range(0, NODE_PORTS - 1, 100):
        ports = [{"name": f"p{n}", "port": n + 1} for n in range(first, min(first + 100, NODE_PORTS - 1))]
        shop.service("shop", f"many-{first}", ports=ports)
    with requests() as seen:
        answer = ansible.module(MODULE, names=["shop/web"])
    assert (answer.failed, answer.changed, seen.writes) == (False, False, [])
    assert "wanted for health checks: 1, free in the default range: 0" in answer.result["services"][0]["reason"]
    ignoring = ansible.module(MODULE, names=["shop/web"], ignore_hazards=["node_port_range_exhausted"])
    assert ignoring.failed and became(shop) == "Cluster"


def test_whoever_applies_the_field_is_named(ansible: Ansible, shop: Content) -> None:
    put(shop, Case())
    port = {"port": 80, "protocol": "TCP"}
    applied = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "externalTrafficPolicy": "Cluster", "ports": [port]},
    }
    path = "/api/v1/namespaces/shop/services/web?fieldManager=kustomize-controller&force=true"
    shop.request("PATCH", path, applied, "application/apply-patch+yaml")
    answer = ansible.module(MODULE, names=["shop/web"])
    (said,) = [h for h in answer.result["services"][0]["hazards"] if h["id"] == "managed_by_applier"]
    assert said["message"] == "kustomize-controller applies it with this field"


def test_a_refused_service_is_not_in_the_backup_and_keeps_others_from_nothing(ansible: Ansible, shop: Content) -> None:
    put(shop, CASES["no_endpoint_with_node"])
    shop.service("shop", "open")
    backup = str(ansible.directory / "services.json")
    answer = ansible.module(MODULE, namespaces=["shop"], backup=backup)
    assert {s["name"]: s["status"] for s in answer.result["services"]} == {"web": "refused", "open": "changed"}
    assert ansible.module(MODULE, state="restored", backup=backup).result["counts"]["total"] == 1


@pytest.mark.parametrize("options", [{"policy": "Cluster"}, {"state": "absent"}])
def test_nothing_speaks_against_cluster(ansible: Ansible, shop: Content, options: Object) -> None:
    put(shop, CASES["no_endpoint_with_node"])
    ansible.module(MODULE, names=["shop/web"], ignore_hazards=["no_endpoint_with_node"])
    answer = ansible.module(MODULE, names=["shop/web"], **options)
    assert (answer.failed, answer.changed, became(shop)) == (False, True, "Cluster")


def test_where_nothing_is_to_change_nothing_is_looked_at(
    ansible: Ansible, shop: Content, requests: Callable[[], Requests]
) -> None:
    put(shop, CASES["single_endpoint"])
    ansible.module(MODULE, names=["shop/web"])
    with requests() as seen:
        again = ansible.module(MODULE, names=["shop/web"])
    assert (again.changed, ids(again)) == (False, [])
    assert not any("endpointslices" in request or "nodes" in request for request in seen.all)


@pytest.mark.parametrize(
    "missing",
    [Right("list", "endpointslices.discovery.k8s.io"), Right("list", "nodes")],
    ids=lambda right: right.resource,
)
def test_what_may_not_be_read_is_not_taken_for_harmless(
    ansible: Ansible, plane: ControlPlane, shop: Content, requests: Callable[[], Requests], missing: Right
) -> None:
    put(shop, CASES["nodes_without_local_endpoint"])
    rules = without(accounts.rules("writer"), missing)
    blind = accounts.with_rules(plane, "blind", rules, ansible.directory)
    with requests() as seen:
        answer = ansible.module(MODULE, names=["shop/web"], kubeconfig=str(blind))
    assert (answer.failed, answer.result["code"], seen.writes) == (True, "forbidden", [])
    assert f"list on {missing.resource}" in answer.result["msg"]


POOL = calico("IPPool", "pods", cidr="10.244.0.0/16", natOutgoing=True)
PLAIN_POOL = calico("IPPool", "pods", cidr="10.244.0.0/16")
KNOWN = (calico_node(), kube_proxy(clusterCIDR="10.244.0.0/16"))
OF_CLUSTER = {
    "policy_after_kube_proxy": (*KNOWN, calico("FelixConfiguration", "default", chainInsertMode="Append")),
    "ipvs_node_clients": (calico_node(), kube_proxy(mode="ipvs")),
    "pool_outside_cluster_cidr": (calico_node(), kube_proxy(clusterCIDR="10.245.0.0/16"), PLAIN_POOL),
    "asymmetric_return": (*KNOWN, PLAIN_POOL),
    "pod_source_lost_at_node_port": (*KNOWN, POOL),
    "ebpf_preserves_source": (calico_node(FELIX_BPFENABLED="true"),),
    "kube_proxy_unknown": (calico_node(),),
}


def of_cluster(answer: Answer) -> dict[str, str]:
    return {hazard["id"]: hazard["message"] for hazard in answer.result["cluster_hazards"]}


@pytest.mark.parametrize("hazard", CLUSTER_KINDS)
def test_what_is_so_for_all_services_is_told_once_and_refuses_nothing(
    ansible: Ansible, shop: Content, hazard: str
) -> None:
    for path, body in OF_CLUSTER[hazard]:
        shop.put(path, body)
    put(shop, Case())
    answer = ansible.module(MODULE, names=["shop/web"])
    assert (answer.failed, became(shop)) == (False, "Local")
    assert [*of_cluster(answer)] == [hazard]
    assert (f"{hazard}: " in " ".join(answer.result.get("warnings", ()))) is (CLUSTER_KINDS[hazard].severity == "warn")


def test_settings_that_may_not_be_read_are_not_known_and_nothing_is_claimed_of_them(
    ansible: Ansible, plane: ControlPlane, shop: Content
) -> None:
    for path, body in (*KNOWN, PLAIN_POOL):
        shop.put(path, body)
    put(shop, Case())
    rules = without(accounts.rules("writer"), Right("get", "configmaps"))
    rules = without(rules, Right("list", "ippools.projectcalico.org"))
    blind = accounts.with_rules(plane, "blind-to-settings", rules, ansible.directory)
    answer = ansible.module(MODULE, names=["shop/web"], kubeconfig=str(blind))
    assert (answer.failed, became(shop)) == (False, "Local")
    (said,) = of_cluster(answer).values()
    assert "get on configmaps" in said and "list on ippools.projectcalico.org" in said


def test_where_clients_come_in_a_node_without_an_endpoint_is_refused(ansible: Ansible, shop: Content) -> None:
    put(shop, Case([ONE]))
    options: Object = {"names": ["shop/web"], "entry_nodes": ["n*"]}
    refused = ansible.module(MODULE, **options)
    assert (ids(refused)[0], became(shop)) == ("nodes_without_local_endpoint", "Cluster")
    ansible.module(MODULE, **options, ignore_hazards=["nodes_without_local_endpoint"])
    assert became(shop) == "Local"


def test_the_port_for_health_checks_is_named_once_it_is_chosen(ansible: Ansible, shop: Content) -> None:
    put(shop, Case(type="LoadBalancer"))
    (planned,) = ansible.module(MODULE, check=True, names=["shop/web"]).result["services"]
    assert "healthCheckNodePort" not in planned["after"] and "on a port that the API server chooses" in str(planned)
    answer = ansible.module(MODULE, names=["shop/web"])
    (service,) = answer.result["services"]
    (said,) = [h["message"] for h in service["hazards"] if h["id"] == "health_check_port_opened"]
    assert said == f"every node answers health checks on port {service['after']['healthCheckNodePort']}"


def test_what_metallb_says_of_who_announces_is_heard(ansible: Ansible, shop: Content) -> None:
    shop.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", L2_STATUSES)
    put(shop, Case([ONE], "LoadBalancer"))
    status = {"node": "n2", "serviceName": "web", "serviceNamespace": "shop"}
    body = {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "ServiceL2Status",
        "metadata": {"name": "l2-x"},
        "status": status,
    }
    put_once_served(shop, "/apis/metallb.io/v1beta1/namespaces/shop/servicel2statuses", body)
    said = ids(ansible.module(MODULE, names=["shop/web"]))
    assert {"announcer_without_endpoint", "single_announcer"} <= set(said)


def test_host_endpoints_and_announcers_that_may_not_be_read_are_not_known(
    ansible: Ansible, plane: ControlPlane, shop: Content
) -> None:
    put(shop, CASES["health_check_port_blocked"])
    rules = without(accounts.rules("writer"), Right("list", "hostendpoints.projectcalico.org"))
    rules = without(rules, Right("list", "servicel2statuses.metallb.io"))
    blind = accounts.with_rules(plane, "blind-to-hosts", rules, ansible.directory)
    answer = ansible.module(MODULE, names=["shop/web"], kubeconfig=str(blind))
    assert (answer.failed, became(shop)) == (False, "Local")
    unknown = of_cluster(answer)["kube_proxy_unknown"]
    assert "list on hostendpoints.projectcalico.org" in unknown and "list on servicel2statuses.metallb.io" in unknown
    assert "health_check_port_uncertain" in ids(answer)


def test_a_name_that_kube_proxy_gives_every_node_is_no_endpoints_node(ansible: Ansible, shop: Content) -> None:
    shop.put(*kube_proxy(hostnameOverride="n1"))
    put(shop, Case())
    answer = ansible.module(MODULE, names=["shop/web"])
    assert (answer.failed, became(shop), ids(answer)[0]) == (False, "Cluster", "endpoint_node_unknown")


def test_an_id_that_is_no_hazard_is_an_error(ansible: Ansible) -> None:
    answer = ansible.module(MODULE, names=["shop/web"], ignore_hazards=["single_endpoints"])
    assert answer.failed and "no_endpoint_with_node" in answer.result["msg"]
