# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for Calico's API server answers as the real one was seen to answer."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import components
import crds
import processes
from aggregated import faults
from aggregated.faults import ordered
from aggregated.selector_syntax import is_selector
from certificates import Identity, certificates_in
from control_plane import (
    Api,
    ApiError,
    ControlPlane,
    StartError,
    put_front_before,
    service_account_token,
    start,
    stop,
)

V3 = "/apis/projectcalico.org/v3"
POLICIES = f"{V3}/globalnetworkpolicies"
STORED = "/apis/crd.projectcalico.org/v1/globalnetworkpolicies"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
NOT_A_SELECTOR = "a = 'b'"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    started = start(tmp_path_factory.mktemp("aggregated") / "plane", backend="aggregated")
    yield started
    stop(started.directory)


@pytest.fixture
def api(plane: ControlPlane) -> Iterator[Api]:
    """An administrator, whose policies and tiers are taken away again."""
    admin = plane.admin_api()
    yield admin
    for item in admin.request("GET", POLICIES)["items"]:
        admin.request("DELETE", f"{POLICIES}/{item['metadata']['name']}")
    for tier in admin.request("GET", f"{V3}/tiers")["items"]:
        if tier["metadata"]["name"] != "default":
            admin.request("DELETE", f"{V3}/tiers/{tier['metadata']['name']}")


def policy(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}


def make_tier(api: Api, name: str) -> None:
    body = {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": name}, "spec": {"order": 5}}
    api.request("POST", f"{V3}/tiers", body)


def names(api: Api, query: str = "") -> set[str]:
    return {item["metadata"]["name"] for item in api.request("GET", f"{POLICIES}{query}")["items"]}


def refusal(api: Api, method: str, path: str, body: object = None, content_type: str = "application/json") -> ApiError:
    with pytest.raises(ApiError) as refused:
        api.request(method, path, body, content_type)
    return refused.value


def last_request(plane: ControlPlane) -> dict[str, Any]:
    """The last line of the stand-in's own log."""
    lines = (plane.directory / "calico-api" / "requests.log").read_text().splitlines()
    line: dict[str, Any] = json.loads(lines[-1])
    return line


def test_the_api_is_aggregated_and_available_beside_the_v1_crds(api: Api) -> None:
    registered = api.request("GET", "/apis/apiregistration.k8s.io/v1/apiservices/v3.projectcalico.org")
    assert registered["spec"]["service"]["name"] == "calico-api"
    conditions = {each["type"]: each["status"] for each in registered["status"]["conditions"]}
    assert conditions["Available"] == "True"
    groups = {group["name"] for group in api.request("GET", "/apis")["groups"]}
    assert {"projectcalico.org", "crd.projectcalico.org"} <= groups
    served = {(each["name"], each["kind"], each["namespaced"]) for each in api.request("GET", V3)["resources"]}
    assert served == {(kind.plural, kind.name, kind.namespaced) for kind in crds.kinds()}


def test_a_bad_selector_is_refused_by_a_create_and_passes_its_dry_run(api: Api) -> None:
    bad = policy("bad", selector=NOT_A_SELECTOR)
    assert api.request("POST", f"{POLICIES}?dryRun=All", bad)["spec"]["selector"] == NOT_A_SELECTOR
    refused = refusal(api, "POST", POLICIES, bad)
    assert (refused.status, "spec.selector" in refused.message) == (422, True)
    assert names(api) == set()


def test_a_bad_selector_is_refused_by_an_update_and_passes_its_dry_run(api: Api) -> None:
    api.request("POST", POLICIES, policy("bad", selector="all()"))
    patch = {"spec": {"ingress": [{"action": "Deny", "source": {"selector": NOT_A_SELECTOR}}]}}
    api.request("PATCH", f"{POLICIES}/bad?dryRun=All", patch, MERGE)
    refused = refusal(api, "PATCH", f"{POLICIES}/bad", patch, MERGE)
    assert (refused.status, "spec.ingress[0].source.selector" in refused.message) == (422, True)
    assert "ingress" not in api.request("GET", f"{POLICIES}/bad")["spec"]


@pytest.mark.parametrize("dry_run", ["", "&dryRun=All"])
@pytest.mark.parametrize(
    "spec", [{"selektor": "all()"}, {"ingress": [{"action": "Allow", "source": {"net": ["192.0.2.0/24"]}}]}]
)
def test_an_unknown_field_is_refused_where_validation_is_strict(api: Api, spec: dict[str, Any], dry_run: str) -> None:
    refused = refusal(api, "POST", f"{POLICIES}?fieldValidation=Strict{dry_run}", policy("unknown", **spec))
    assert (refused.status, "unknown field" in refused.message) == (400, True)
    assert names(api) == set()


def test_an_unknown_field_is_dropped_where_validation_is_not_strict(api: Api) -> None:
    stored = api.request("POST", POLICIES, policy("unknown", selektor="all()", selector="all()"))
    assert stored["spec"] == {"selector": "all()", "tier": "default", "types": ["Ingress"]}


@pytest.mark.parametrize(
    ("rules", "types"),
    [
        ([], ["Ingress"]),
        (["ingress"], ["Ingress"]),
        (["egress"], ["Egress"]),
        (["ingress", "egress"], ["Ingress", "Egress"]),
    ],
)
def test_types_are_filled_in(api: Api, rules: list[str], types: list[str]) -> None:
    api.request("POST", POLICIES, policy("typed", **{direction: [{"action": "Allow"}] for direction in rules}))
    assert api.request("GET", f"{POLICIES}/typed")["spec"]["types"] == types


def test_a_staged_deletion_has_no_types_and_may_say_nothing_but_the_tier(api: Api) -> None:
    staged = f"{V3}/stagedglobalnetworkpolicies"
    deletion = {**policy("gone", stagedAction="Delete", types=["Ingress"]), "kind": "StagedGlobalNetworkPolicy"}
    assert api.request("POST", staged, deletion)["spec"] == {"stagedAction": "Delete", "tier": "default"}
    refused = refusal(api, "PATCH", f"{staged}/gone", {"spec": {"order": 1}}, MERGE)
    assert (refused.status, "except Tier, should all be zero-value" in refused.message) == (422, True)
    api.request("DELETE", f"{staged}/gone")


def test_a_policy_for_a_missing_tier_is_an_error_and_is_not_stored(api: Api) -> None:
    refused = refusal(api, "POST", POLICIES, policy("astray", tier="missing"))
    assert refused.status == 500
    assert names(api) == set()
    assert api.request("GET", STORED)["items"] == []


def test_an_empty_source_is_dropped(api: Api) -> None:
    stored = api.request("POST", POLICIES, policy("empty", ingress=[{"action": "Allow", "source": {}}]))
    assert stored["spec"]["ingress"] == [{"action": "Allow"}]


@pytest.mark.parametrize("dry_run", ["", "?dryRun=All"])
def test_an_update_names_the_version_that_it_replaces(api: Api, dry_run: str) -> None:
    first = api.request("POST", POLICIES, policy("versioned", order=1))
    second = api.request("PATCH", f"{POLICIES}/versioned", {"spec": {"order": 2}}, MERGE)
    path = f"{POLICIES}/versioned{dry_run}"
    assert refusal(api, "PUT", path, policy("versioned", order=3)).status == 422
    assert refusal(api, "PUT", path, first).status == 409
    old = {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "spec": {"order": 4}}
    assert refusal(api, "PATCH", path, old, MERGE).status == 409
    assert api.request("PUT", path, {**second, "spec": {"order": 5}})["spec"]["order"] == 5
    assert api.request("GET", f"{POLICIES}/versioned")["spec"]["order"] == (2 if dry_run else 5)


def test_a_merge_patch_answers_200(api: Api, plane: ControlPlane) -> None:
    api.request("POST", POLICIES, policy("patched", order=1, selector="all()"))
    api.request("PATCH", f"{POLICIES}/patched", {"spec": {"order": None, "selector": "has(a)"}}, MERGE)
    assert (last_request(plane)["method"], last_request(plane)["status"]) == ("PATCH", 200)
    spec = api.request("GET", f"{POLICIES}/patched")["spec"]
    assert spec == {"selector": "has(a)", "tier": "default", "types": ["Ingress"]}


def test_a_write_that_changes_nothing_leaves_the_version(api: Api) -> None:
    stored = api.request("POST", POLICIES, policy("same", order=1))
    assert api.request("PUT", f"{POLICIES}/same", stored)["metadata"] == stored["metadata"]
    assert api.request("PATCH", f"{POLICIES}/same", {"spec": {"order": 1}}, MERGE)["metadata"] == stored["metadata"]


def test_server_side_apply_creates_with_201_and_changes_with_200(api: Api, plane: ControlPlane) -> None:
    path = f"{POLICIES}/applied?fieldManager=tester"
    api.request("PATCH", path, policy("applied", selector="all()", order=1), APPLY)
    assert last_request(plane)["status"] == 201
    changed = api.request("PATCH", path, policy("applied", selector="all()"), APPLY)
    assert last_request(plane)["status"] == 200
    assert changed["spec"] == {"selector": "all()", "tier": "default", "types": ["Ingress"]}


def test_server_side_apply_does_not_take_a_field_of_another_manager_unless_forced(api: Api) -> None:
    api.request("POST", f"{POLICIES}?fieldManager=first", policy("shared", order=1))
    path = f"{POLICIES}/shared?fieldManager=second"
    refused = refusal(api, "PATCH", path, policy("shared", order=2), APPLY)
    assert (refused.status, "conflict" in refused.message) == (409, True)
    assert api.request("PATCH", f"{path}&force=true", policy("shared", order=2), APPLY)["spec"]["order"] == 2


def test_the_limit_of_a_list_is_ignored(api: Api) -> None:
    for name in ("one", "two", "three"):
        api.request("POST", POLICIES, policy(name))
    listed = api.request("GET", f"{POLICIES}?limit=2")
    assert len(listed["items"]) == 3
    assert "continue" not in listed["metadata"]


def test_the_label_of_the_tier_is_always_there(api: Api) -> None:
    make_tier(api, "security")
    stored = api.request("POST", POLICIES, policy("labelled", tier="security"))
    assert stored["metadata"]["labels"] == {"projectcalico.org/tier": "security"}
    patch = {"metadata": {"labels": {"projectcalico.org/tier": None}}}
    patched = api.request("PATCH", f"{POLICIES}/labelled", patch, MERGE)
    assert patched["metadata"]["labels"] == {"projectcalico.org/tier": "security"}


def test_the_metadata_of_v3_is_in_an_annotation_of_the_v1_object(api: Api) -> None:
    body = policy("kept", selector="all()")
    body["metadata"] |= {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    shown = api.request("POST", f"{POLICIES}?fieldManager=tester", body)["metadata"]
    stored = api.request("GET", f"{STORED}/kept")
    kept = json.loads(stored["metadata"]["annotations"]["projectcalico.org/metadata"])
    assert kept["labels"] == {"a": "b", "projectcalico.org/tier": "default"}
    assert kept["annotations"] == shown["annotations"] == {"c": "d"}
    assert kept["managedFields"] == shown["managedFields"]
    assert [entry["manager"] for entry in kept["managedFields"]] == ["tester"]
    assert stored["spec"]["selector"] == "all()"
    assert stored["metadata"]["uid"] != shown["uid"]


def test_a_writer_to_the_v1_object_does_not_show_in_managed_fields(api: Api) -> None:
    before = api.request("POST", POLICIES, policy("behind", order=1))
    api.request("PATCH", f"{STORED}/behind?fieldManager=other", {"spec": {"order": 2}}, MERGE)
    after = api.request("GET", f"{POLICIES}/behind")
    assert after["spec"]["order"] == 2
    assert after["metadata"]["managedFields"] == before["metadata"]["managedFields"]
    assert after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]


def test_a_delete_with_preconditions_takes_only_the_very_object(api: Api) -> None:
    metadata = api.request("POST", POLICIES, policy("doomed"))["metadata"]
    for wrong in ({"uid": "another"}, {"resourceVersion": "1"}):
        assert refusal(api, "DELETE", f"{POLICIES}/doomed", {"preconditions": wrong}).status == 409
    right = {key: metadata[key] for key in ("uid", "resourceVersion")}
    api.request("DELETE", f"{POLICIES}/doomed", {"preconditions": right, "dryRun": ["All"]})
    assert names(api) == {"doomed"}
    api.request("DELETE", f"{POLICIES}/doomed", {"preconditions": right})
    assert names(api) == set()
    assert refusal(api, "DELETE", f"{POLICIES}/doomed").status == 404


def test_a_create_of_what_exists_is_refused_in_a_dry_run_too(api: Api) -> None:
    api.request("POST", POLICIES, policy("twice"))
    for query in ("", "?dryRun=All"):
        assert refusal(api, "POST", f"{POLICIES}{query}", policy("twice")).status == 409


def test_a_namespace_goes_with_its_policies(api: Api) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "passing"}}
    api.request("POST", "/api/v1/namespaces", namespace)
    body = {**policy("inside"), "kind": "NetworkPolicy"}
    stored = api.request("POST", f"{V3}/namespaces/passing/networkpolicies", body)
    assert stored["metadata"]["namespace"] == "passing"
    assert len(api.request("GET", f"{V3}/networkpolicies")["items"]) == 1
    api.request("DELETE", "/api/v1/namespaces/passing")
    deadline = time.monotonic() + 30
    while api.request("GET", f"{V3}/networkpolicies")["items"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


ORDINARY = {"apiGroups": ["projectcalico.org"], "resources": ["globalnetworkpolicies"], "verbs": ["*"]}


def may(plane: ControlPlane, name: str, *rules: dict[str, Any]) -> Api:
    """A service account with these rights and no others."""
    admin = plane.admin_api()
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    admin.request("POST", f"{RBAC}/clusterroles", {**role, "rules": list(rules)})
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    admin.request("POST", f"{RBAC}/clusterrolebindings", binding)
    return Api(plane.server, plane.ca, token=service_account_token(plane, "default", name))


def of_tier(tier: str, verbs: list[str], names: list[str] | None = None) -> list[dict[str, Any]]:
    """The rights on a tier that Calico's API server asks for besides."""
    group = {"apiGroups": ["projectcalico.org"]}
    policies = {"resources": ["tier.globalnetworkpolicies"], "resourceNames": names or [f"{tier}.*"], "verbs": verbs}
    return [{**group, "resources": ["tiers"], "resourceNames": [tier], "verbs": ["get"]}, {**group, **policies}]


def test_ordinary_rights_do_not_do_for_policies(api: Api, plane: ControlPlane) -> None:
    api.request("POST", POLICIES, policy("guarded"))
    ordinary = may(plane, "ordinary", ORDINARY)
    refused = refusal(ordinary, "GET", POLICIES)
    assert (refused.status, "peration on Calico tiered policy is forbidden" in refused.message) == (403, True)
    for method, path, body in (
        ("GET", f"{POLICIES}/guarded", None),
        ("POST", POLICIES, policy("other")),
        ("POST", f"{POLICIES}?dryRun=All", policy("other")),
        ("PUT", f"{POLICIES}/guarded", api.request("GET", f"{POLICIES}/guarded")),
        ("DELETE", f"{POLICIES}/guarded", None),
    ):
        refused = refusal(ordinary, method, path, body)
        assert (refused.status, 'in tier "default" (user cannot get tier)' in refused.message) == (403, True)


def test_rights_of_a_tier_do_not_do_without_the_ordinary_ones(api: Api, plane: ControlPlane) -> None:
    tier_only = may(plane, "tier-only", *of_tier("default", ["*"]))
    refused = refusal(tier_only, "GET", POLICIES)
    assert (refused.status, "tiered policy" in refused.message) == (403, False)


def test_the_tier_has_to_be_seen_as_well(api: Api, plane: ControlPlane) -> None:
    blind = may(plane, "blind", ORDINARY, of_tier("default", ["*"])[1])
    refused = refusal(blind, "POST", POLICIES, policy("other"))
    assert (refused.status, "user cannot get tier" in refused.message) == (403, True)


def test_the_verb_on_the_tier_is_that_of_the_request(api: Api, plane: ControlPlane) -> None:
    reader = may(plane, "reader", ORDINARY, *of_tier("default", ["get", "list"]))
    api.request("POST", POLICIES, policy("seen"))
    assert names(reader) == {"seen"}
    assert reader.request("GET", f"{POLICIES}/seen")["metadata"]["name"] == "seen"
    assert refusal(reader, "POST", POLICIES, policy("other")).status == 403


def test_the_right_may_be_for_one_policy_by_its_name(api: Api, plane: ControlPlane) -> None:
    one = may(plane, "one-policy", ORDINARY, *of_tier("default", ["get"], ["mine"]))
    for name in ("mine", "theirs"):
        api.request("POST", POLICIES, policy(name))
    assert one.request("GET", f"{POLICIES}/mine")["metadata"]["name"] == "mine"
    assert refusal(one, "GET", f"{POLICIES}/theirs").status == 403


def test_a_list_is_narrowed_to_the_tiers_that_may_be_seen_and_refused_where_it_names_another(
    api: Api, plane: ControlPlane
) -> None:
    make_tier(api, "closed")
    api.request("POST", POLICIES, policy("open-one"))
    api.request("POST", POLICIES, policy("closed-one", tier="closed"))
    reader = may(plane, "narrow", ORDINARY, *of_tier("default", ["list"]))
    assert names(reader) == {"open-one"}
    assert names(reader, "?labelSelector=projectcalico.org/tier==default") == {"open-one"}
    assert names(reader, "?fieldSelector=spec.tier=default") == {"open-one"}
    for selector in (
        "labelSelector=projectcalico.org/tier==closed",
        "labelSelector=projectcalico.org/tier%20in%20(default,closed)",
        "fieldSelector=spec.tier=closed",
    ):
        refused = refusal(reader, "GET", f"{POLICIES}?{selector}")
        assert (refused.status, 'in tier "closed"' in refused.message) == (403, True)
    assert refusal(reader, "GET", f"{POLICIES}?labelSelector=projectcalico.org/tier!=closed").status >= 400
    assert names(api) == {"open-one", "closed-one"}


def connect(port: int, ca: Path, identity: Identity | None) -> http.client.HTTPSConnection:
    secured = ssl.create_default_context(cafile=str(ca))
    if identity:
        secured.load_cert_chain(identity.certificate, identity.key)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=secured)


def test_only_the_front_proxy_is_believed(plane: ControlPlane) -> None:
    port = int((plane.directory / "calico-api" / "port").read_text())
    certificates = certificates_in(plane.directory / "certificates")
    claim = {"X-Remote-User": "admin", "X-Remote-Group": "system:masters"}

    def status(identity: Identity | None) -> int | None:
        connection = connect(port, plane.ca, identity)
        try:
            connection.request("GET", POLICIES, headers=claim)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    assert status(None) == 401
    assert status(certificates.admin) is None
    assert status(certificates.front_proxy) == 200


def test_every_request_is_in_the_log_of_the_stand_in(api: Api, plane: ControlPlane) -> None:
    refusal(api, "GET", f"{POLICIES}/none?pretty=false")
    entry = last_request(plane)
    assert (entry["method"], entry["requestURI"]) == ("GET", f"{POLICIES}/none?pretty=false")
    assert (entry["user"], entry["userAgent"]) == ("admin", "netguard-control-plane")
    assert (entry["status"], entry["fault"]) == (404, None)
    assert (plane.directory / "calico-api" / "requests.log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_an_ordered_answer_comes_once_and_nothing_is_done(api: Api, plane: ControlPlane, status: int) -> None:
    fault = faults.Fault(faults.ANSWER, method="POST", path="globalnetworkpolicies", status=status, retry_after=0)
    with ordered(plane.directory / "calico-api", fault):
        assert refusal(api, "POST", POLICIES, policy("faulty")).status == status
    assert names(api) == set()
    api.request("POST", POLICIES, policy("faulty"))


@pytest.mark.parametrize(
    ("action", "stored"),
    [(faults.BREAK_BEFORE, set()), (faults.BREAK_AFTER, {"faulty"}), (faults.BREAK_DURING, {"faulty"})],
)
def test_a_connection_breaks_before_or_after_the_write(
    api: Api, plane: ControlPlane, action: str, stored: set[str]
) -> None:
    with (
        ordered(plane.directory / "calico-api", faults.Fault(action, method="POST")),
        pytest.raises((ApiError, OSError, http.client.HTTPException, ValueError)),
    ):
        api.request("POST", POLICIES, policy("faulty"))
    assert names(api) == stored


def test_an_answer_is_delayed_or_does_not_come(api: Api, plane: ControlPlane) -> None:
    started = time.monotonic()
    with ordered(plane.directory / "calico-api", faults.Fault(faults.DELAY, method="POST", seconds=1)):
        api.request("POST", POLICIES, policy("late"))
    assert time.monotonic() - started >= 1
    hang = faults.Fault(faults.HANG, method="POST", seconds=1)
    with ordered(plane.directory / "calico-api", hang), pytest.raises(ApiError):
        api.request("POST", POLICIES, policy("never"))
    assert names(api) == {"late"}


def test_an_order_that_nobody_met_is_told(plane: ControlPlane) -> None:
    with (
        pytest.raises(AssertionError, match="1 of 1 faults"),
        ordered(plane.directory / "calico-api", faults.Fault(faults.HANG, method="NONE")),
    ):
        pass


def test_the_same_faults_stand_before_the_plain_api(plane: ControlPlane, api: Api) -> None:
    fronted = put_front_before(plane)
    admin = fronted.admin_api()
    orders = plane.directory / "front"
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    assert admin.request("POST", path, review)["status"]["userInfo"]["username"] == "admin"
    by_token = Api(fronted.server, fronted.ca, token=service_account_token(plane, "default", "fronted"))
    assert "fronted" in by_token.request("POST", path, review)["status"]["userInfo"]["username"]

    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "faulty"}}
    maps = "/api/v1/namespaces/default/configmaps"
    with ordered(orders, faults.Fault(faults.ANSWER, method="POST", status=429, retry_after=1)):
        assert refusal(admin, "POST", maps, body).status == 429
    with (
        ordered(orders, faults.Fault(faults.BREAK_AFTER, method="POST", path=maps)),
        pytest.raises((OSError, http.client.HTTPException)),
    ):
        admin.request("POST", maps, body)
    assert api.request("GET", f"{maps}/faulty")["metadata"]["name"] == "faulty"


def test_a_start_whose_stand_in_ends_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ends.py"
    program.write_text("import sys; sys.exit('no time today')")
    monkeypatch.setattr(components, "_STAND_IN", program)
    directory = tmp_path / "plane"
    with pytest.raises(StartError, match=r"^calico-api ended with exit status 1\nno time today$"):
        start(directory, backend="aggregated")
    assert not directory.exists()
    assert processes.owned_by(directory) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all()",
        "has(a)",
        "a == 'b'",
        'a != "b"',
        "a in {'b', \"c\"} && !has(d)",
        "a not in { 'b' }",
        "a contains 'b' || a starts with 'c' && (b ends with 'd')",
        "!(a == 'b' || global())",
        "projectcalico.org/name == 'x'",
    ],
)
def test_a_selector_is_known(text: str) -> None:
    assert is_selector(text)


@pytest.mark.parametrize(
    "text", [NOT_A_SELECTOR, "has(nothere", "a", "a == b", "a == 'b' &&", "()", "a == 'b' has(c)", "all", "in {'a'}"]
)
def test_what_is_no_selector_is_known(text: str) -> None:
    assert not is_selector(text)
