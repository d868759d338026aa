# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in plays older releases of Calico: what they serve, and what they make of the names of policies.

Each test runs on a control plane of every release, and its table has a column or a row for each: a plane serves all tests of
its release, which pytest puts together only where they have the same parameters for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

import control_plane
import crds
from api import Api, ApiError
from control_plane import ControlPlane, ReleaseName, StartError, load, service_account_token, start, stop

V3, V1 = "/apis/projectcalico.org/v3", "/apis/crd.projectcalico.org/v1"
JSON, MERGE = "application/json", "application/merge-patch+json"
GLOBAL, NAMESPACED = "globalnetworkpolicies", "namespaces/default/networkpolicies"
STAGED = "stagedglobalnetworkpolicies"
KINDS = {GLOBAL: "GlobalNetworkPolicy", NAMESPACED: "NetworkPolicy", STAGED: "StagedGlobalNetworkPolicy"}
POLICIES, INFORMATIONS = f"{V3}/{GLOBAL}", f"{V3}/clusterinformations"
RBAC = "rbac.authorization.k8s.io"
RELEASES: tuple[ReleaseName, ...] = get_args(ReleaseName)

ByRelease = Mapping[ReleaseName, Any]


def by_release(*values: Any) -> ByRelease:
    """One value for each release, from the oldest to the newest."""
    return dict(zip(RELEASES, values, strict=True))


@pytest.fixture(scope="module", params=RELEASES)
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of the release, started by the command line."""
    directory = tmp_path_factory.mktemp("release") / "plane"
    options = ["--directory", str(directory), "--backend", "aggregated", "--release", request.param]
    assert control_plane.main(["start", *options]) == 0
    yield load(directory)
    stop(directory)


@pytest.fixture
def release(request: pytest.FixtureRequest) -> ReleaseName:
    """The release that the plane of this test plays."""
    name: ReleaseName = request.node.callspec.params["plane"]
    return name


@pytest.fixture
def api(plane: ControlPlane) -> Iterator[Api]:
    """An administrator, whose policies and tiers are taken away again, by way of v1."""
    admin = plane.admin_api()
    yield admin
    served = {each["name"] for each in admin.request("GET", V1)["resources"]}
    for plural in {GLOBAL, "networkpolicies", STAGED, "tiers"} & served:
        for metadata in (item["metadata"] for item in admin.request("GET", f"{V1}/{plural}")["items"]):
            namespace = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
            if (plural, metadata["name"]) != ("tiers", "default"):
                admin.request("DELETE", f"{V1}/{namespace}{plural}/{metadata['name']}")


def policy(name: str, collection: str = GLOBAL, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": KINDS[collection],
        "metadata": {"name": name},
        "spec": spec,
    }


def names(api: Api, path: str) -> list[str]:
    return sorted(item["metadata"]["name"] for item in api.request("GET", path)["items"])


def answer(api: Api, method: str, path: str, body: object = None, content_type: str = JSON) -> tuple[int, str]:
    """The status, 200 for all that went well, and the words of a refusal."""
    try:
        api.request(method, path, body, content_type)
    except ApiError as error:
        return error.status, error.message
    return 200, ""


MISSING = by_release({"tiers", STAGED}, {STAGED}, set(), set())


def test_the_kinds_of_the_release_are_served_and_stored_and_no_others(api: Api, release: ReleaseName) -> None:
    expected = {kind.plural for kind in crds.kinds()} - MISSING[release]
    assert {each["name"] for each in api.request("GET", V3)["resources"]} == expected
    assert {each["name"].partition("/")[0] for each in api.request("GET", V1)["resources"]} == expected
    for plural in MISSING[release]:
        assert answer(api, "GET", f"{V3}/{plural}")[0] == 404


CALICO_VERSION = by_release("v3.28.2", "v3.29.1", "v3.30.3", "v3.32.0")


def test_cluster_information_names_the_release_and_is_written_to_in_v1_only(api: Api, release: ReleaseName) -> None:
    one, stored = f"{INFORMATIONS}/default", f"{V1}/clusterinformations/default"
    spec = {"calicoVersion": CALICO_VERSION[release], "datastoreReady": True}
    shown = api.request("GET", one)
    assert (names(api, INFORMATIONS), shown["spec"]) == (["default"], spec)
    locked: dict[str, Any] = {"spec": {"datastoreReady": False}}
    for method, path, body, content_type in (
        ("POST", INFORMATIONS, {**shown, "metadata": {"name": "other"}}, JSON),
        ("PUT", one, shown, JSON),
        ("PATCH", one, locked, MERGE),
        ("PATCH", f"{one}?dryRun=All", locked, MERGE),
        ("DELETE", one, None, JSON),
    ):
        status, words = answer(api, method, path, body, content_type)
        assert (status, "is not supported on resources of kind" in words) == (405, True)
    api.request("PATCH", stored, locked, MERGE)
    assert api.request("GET", one)["spec"] == {**spec, "datastoreReady": False}
    api.request("PATCH", stored, {"spec": spec}, MERGE)


NO_NAME = ("", "")
SHOWN_AND_STORED = {
    "foo": by_release(("foo", "default.foo"), ("default.foo", "default.foo"), ("foo", "default.foo"), ("foo", "foo")),
    "default.foo": by_release(NO_NAME, *[("default.foo", "default.foo")] * 3),
}


@pytest.mark.parametrize("created", SHOWN_AND_STORED)
@pytest.mark.parametrize("collection", [GLOBAL, NAMESPACED, STAGED])
def test_a_policy_is_shown_and_stored_under_the_names_of_the_release(
    api: Api, release: ReleaseName, collection: str, created: str
) -> None:
    shown, stored = SHOWN_AND_STORED[created][release]
    body = policy(created, collection)
    if collection in MISSING[release] or not shown:
        refused = 404 if collection in MISSING[release] else 422
        assert answer(api, "POST", f"{V3}/{collection}", body)[0] == refused
        return
    made = api.request("POST", f"{V3}/{collection}", body)
    assert made["metadata"]["name"] == shown
    assert api.request("GET", f"{V3}/{collection}/{created}")["metadata"]["name"] == shown
    assert names(api, f"{V3}/{collection}") == [shown]
    assert names(api, f"{V1}/{collection}") == [stored]
    path = f"{V3}/{collection}/{shown}"
    changed = api.request("PUT", path, {**made, "spec": {**made["spec"], "order": 1}})
    assert (changed["metadata"]["name"], changed["spec"]["order"]) == (shown, 1)
    assert api.request("PATCH", path, {"spec": {"order": 2}}, MERGE)["metadata"]["name"] == shown
    api.request("DELETE", path)
    assert names(api, f"{V1}/{collection}") == []


REQUESTS = ("GET", "PUT", "PATCH", "POST", "POST as a dry run", "DELETE")
OTHER_SPELLING = {
    ("foo", "default.foo"): by_release(
        (404, 404, 404, 422, 200, 404),
        (200, 200, 200, 409, 409, 200),
        (500, 500, 500, 409, 200, 500),
        (404, 404, 404, 200, 409, 200),
    ),
    ("default.foo", "foo"): by_release(
        None,
        (200, 422, 400, 409, 409, 200),
        (500, 500, 500, 409, 200, 500),
        (404, 404, 404, 200, 409, 200),
    ),
}


@pytest.mark.parametrize(("created", "other"), OTHER_SPELLING)
def test_the_other_spelling_is_the_same_policy_or_another_or_an_error(
    api: Api, release: ReleaseName, created: str, other: str
) -> None:
    expected = OTHER_SPELLING[created, other][release]
    if expected is None:
        assert answer(api, "POST", POLICIES, policy(created))[0] == 422
        return
    made, path = api.request("POST", POLICIES, policy(created)), f"{POLICIES}/{other}"
    body = {**made, "metadata": {**made["metadata"], "name": other}}
    answers = [
        answer(api, "GET", path),
        answer(api, "PUT", path, body),
        answer(api, "PATCH", path, {"spec": {"order": 1}}, MERGE),
        answer(api, "POST", POLICIES, policy(other)),
        answer(api, "POST", f"{POLICIES}?dryRun=All", policy(other)),
        answer(api, "DELETE", path),
    ]
    assert dict(zip(REQUESTS, (status for status, _words in answers), strict=True)) == dict(
        zip(REQUESTS, expected, strict=True)
    )
    words = dict(answers)
    assert words.get(500, "") in ("", f"resource not found GlobalNetworkPolicy({other})")
    mismatch = "the name of the object (default.foo) does not match the name on the URL (foo)"
    assert words.get(400, "") in ("", mismatch)
    if (release, other) == ("3.29", "foo"):
        assert 'metadata.name: Invalid value: "foo": field is immutable' in answers[1][1]


def test_a_dry_run_shows_the_name_that_was_sent(api: Api) -> None:
    assert api.request("POST", f"{POLICIES}?dryRun=All", policy("foo"))["metadata"]["name"] == "foo"


SHOWN_WITHOUT_A_RECORD = by_release("foo", "default.foo", "foo", "default.foo")


def test_the_name_as_created_is_recorded_by_one_release_that_has_a_name_for_older_objects_too(
    api: Api, release: ReleaseName
) -> None:
    api.request("POST", POLICIES, policy("foo"))
    stored = api.request("GET", f"{V1}/{GLOBAL}")["items"][0]["metadata"]
    recorded = json.loads(stored["annotations"]["projectcalico.org/metadata"]).get("name")
    assert recorded == ("foo" if release == "3.30" else None)
    api.request("DELETE", f"{V1}/{GLOBAL}/{stored['name']}")
    old = {"apiVersion": "crd.projectcalico.org/v1", "kind": KINDS[GLOBAL], "metadata": {"name": "default.foo"}}
    api.request("POST", f"{V1}/{GLOBAL}", {**old, "spec": {"order": 1}})
    assert names(api, POLICIES) == [SHOWN_WITHOUT_A_RECORD[release]]
    assert api.request("GET", f"{POLICIES}/{SHOWN_WITHOUT_A_RECORD[release]}")["spec"]["order"] == 1


@pytest.mark.parametrize("collection", [GLOBAL, NAMESPACED])
@pytest.mark.parametrize(
    ("name", "tier", "expected"),
    [
        ("foo", "security", by_release(200, 422, 422, 200)),
        ("default.foo", "security", by_release(422, 422, 422, 200)),
        ("security.foo", "default", by_release(422, 422, 422, 200)),
        ("security.foo", "security", by_release(422, 200, 200, 200)),
    ],
)
def test_the_name_begins_with_the_tier(
    api: Api, release: ReleaseName, collection: str, name: str, tier: str, expected: ByRelease
) -> None:
    security = {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "security"}, "spec": {}}
    if "tiers" not in MISSING[release]:
        api.request("POST", f"{V3}/tiers", security)
    status, words = answer(api, "POST", f"{V3}/{collection}", policy(name, collection, tier=tier))
    assert status == expected[release]
    if release in ("3.29", "3.30") and status != 200:
        assert "Incorrectly formatted policy name" in words
    if "." in name and status == 200:
        assert names(api, f"{V1}/{collection}") == names(api, f"{V3}/{collection}") == [name]


@pytest.mark.parametrize("collection", [GLOBAL, NAMESPACED])
def test_the_tier_of_a_policy_is_an_unknown_field_where_there_are_none(
    api: Api, release: ReleaseName, collection: str
) -> None:
    body = policy("foo", collection, tier="default", egress=[{"action": "Allow"}])
    unknown = (400, 'strict decoding error: unknown field "spec.tier"')
    for query in ("fieldValidation=Strict&dryRun=All", "fieldValidation=Strict"):
        strict = answer(api, "POST", f"{V3}/{collection}?{query}", body)
        assert strict == (unknown if release == "3.28" else (200, ""))
    if release == "3.28":
        api.request("POST", f"{V3}/{collection}", body)
    made = api.request("GET", f"{V3}/{collection}")["items"][0]
    tier = {} if release == "3.28" else {"tier": "default"}
    assert made["spec"] == {**tier, "egress": [{"action": "Allow"}], "types": ["Egress"]}
    assert ("labels" in made["metadata"]) == (release != "3.28")
    assert api.request("GET", f"{V1}/{collection}")["items"][0]["spec"] == made["spec"]


def test_ordinary_rights_do_where_there_are_no_tiers(api: Api, plane: ControlPlane, release: ReleaseName) -> None:
    role = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": "ordinary"}}
    rules = [{"apiGroups": ["projectcalico.org"], "resources": [GLOBAL], "verbs": ["*"]}]
    api.request("POST", f"/apis/{RBAC}/v1/clusterroles", {**role, "kind": "ClusterRole", "rules": rules})
    of_role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "ordinary"}
    subjects = [{"kind": "ServiceAccount", "name": "ordinary", "namespace": "default"}]
    binding = {**role, "kind": "ClusterRoleBinding", "roleRef": of_role, "subjects": subjects}
    api.request("POST", f"/apis/{RBAC}/v1/clusterrolebindings", binding)
    ordinary = Api(plane.server, plane.ca, token=service_account_token(plane, "default", "ordinary"))
    api.request("POST", POLICIES, policy("foo"))
    for method, path, body in (
        ("GET", POLICIES, None),
        ("DELETE", f"{POLICIES}/foo", None),
        ("POST", POLICIES, policy("foo")),
    ):
        assert answer(ordinary, method, path, body)[0] == (200 if release == "3.28" else 403)


def test_a_native_control_plane_has_no_release(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"only an aggregated backend has a release of Calico"):
        start(tmp_path / "plane", release="3.29")
    assert not (tmp_path / "plane").exists()
