# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken for a policy, and what the refusal says."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidManifest
from ansible_collections.netguard.calico.plugins.module_utils._calico.global_network_policy import with_written_defaults
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies

GOOD = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "web"},
    "spec": {"order": 10, "types": ["Ingress"], "ingress": [{"action": "Allow"}]},
}


def changed(path, value):
    manifest = copy.deepcopy(GOOD)
    target = manifest
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return manifest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text", "is a string, not a GlobalNetworkPolicy"),
        (None, "is nothing, not a GlobalNetworkPolicy"),
        ({"kind": "Pod", "apiVersion": "v1"}, "is v1 Pod, not projectcalico.org/v3 GlobalNetworkPolicy"),
        ({**GOOD, "kind": "Tier"}, "is projectcalico.org/v3 Tier, not projectcalico.org/v3 GlobalNetworkPolicy"),
        ({"kind": ["Pod"]}, "is no apiVersion a list, not projectcalico.org/v3 GlobalNetworkPolicy"),
        (changed(["metadata"], None), "metadata: is missing"),
        (changed(["metadata", "name"], "Web"), "metadata.name: 'Web' is not the name of a policy"),
        (changed(["metadata", "name"], 7), "metadata.name: is a number, a string is wanted"),
        (changed(["metadata", "labels"], {"a": 1}), "metadata.labels.a: is a number, a string is wanted"),
        (changed(["metadata", "ownr"], "x"), "metadata.ownr: unknown field"),
        (changed(["metadata", "namespace"], "shop"), "metadata.namespace: is not written with a policy"),
        (changed(["metadata", "finalizers"], ["a/b"]), "metadata.finalizers: is not written with a policy"),
        (changed(["spec"], []), "spec: is a list, a mapping is wanted"),
        (changed(["spec", "ordr"], 1), "spec.ordr: unknown field, is order meant?"),
        (changed(["spec", "order"], "10"), "spec.order: is a string, a number is wanted"),
        (changed(["spec", "order"], True), "spec.order: is a boolean, a number is wanted"),
        (changed(["spec", "types"], ["ingress"]), "spec.types[0]: is 'ingress', not Ingress or Egress"),
        (changed(["spec", "types"], []), "spec.types: is an empty list"),
        (changed(["spec", "ingress"], [{"action": "allow"}]), "spec.ingress[0].action: is 'allow', not Allow, Deny"),
        (changed(["spec", "ingress"], ["Allow"]), "spec.ingress[0]: is a string, a mapping is wanted"),
        (
            changed(["spec", "selector"], "app = 'web'"),
            "spec.selector: \"app = 'web'\" is not a selector: at character 5",
        ),
        (changed(["status"], {}), "status: unknown field"),
    ],
)
def test_what_is_no_policy_is_refused_by_name(content, said):
    with pytest.raises(InvalidManifest) as refused:
        parse_policies([SourcedManifest("policies[0]", content)])
    assert f"policies[0]: {said}" in refused.value.message
    assert "\n" not in refused.value.message


def test_all_faults_of_all_manifests_are_said_at_once():
    bad = changed(["spec", "ordr"], 1)
    bad["spec"]["ingress"] = [{"action": "Allow", "acton": "Deny"}]
    with pytest.raises(InvalidManifest) as refused:
        parse_policies([SourcedManifest("a", bad), SourcedManifest("b", GOOD), SourcedManifest("c", {})])
    assert (
        "a: spec.ingress[0].acton: unknown field, is action meant?; a: spec.ordr: unknown field, is order meant?"
        in refused.value.message
    )
    assert "c: is no apiVersion no kind" in refused.value.message
    assert "b: " not in refused.value.message


def test_a_place_is_said_instead_of_the_whole_manifest():
    bad = SourcedManifest("file.yml:1", changed(["spec", "ordr"], 1), lambda steps: f"file.yml:{len(steps)}")
    with pytest.raises(InvalidManifest, match=r"^file\.yml:2: spec\.ordr: unknown field"):
        parse_policies([bad])


def test_same_name_twice_is_refused():
    with pytest.raises(InvalidManifest, match="web is given 2 times"):
        parse_policies([SourcedManifest("a", GOOD), SourcedManifest("b", GOOD)])


def test_no_policy_at_all_is_refused():
    with pytest.raises(InvalidManifest, match="no policy is given"):
        parse_policies([])


def test_an_export_of_a_live_policy_is_taken_without_the_servers_fields():
    exported = changed(["metadata"], {"name": "web", "uid": "1", "resourceVersion": "5", "managedFields": []})
    assert parse_policies([SourcedManifest("a", exported)])[0].manifest()["metadata"] == {"name": "web"}


def test_labels_and_annotations_of_null_are_empty_as_the_server_reads_them():
    written = changed(["metadata"], {"name": "web", "labels": {"a": None, "b": "c"}, "annotations": {"d": None}})
    metadata = parse_policies([SourcedManifest("a", written)])[0].manifest()["metadata"]
    assert metadata == {"name": "web", "labels": {"a": "", "b": "c"}, "annotations": {"d": ""}}


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ["Ingress"]),
        ({"ingress": [{"action": "Allow"}]}, ["Ingress"]),
        ({"egress": [{"action": "Allow"}]}, ["Egress"]),
        ({"ingress": [{"action": "Allow"}], "egress": [{"action": "Allow"}]}, ["Ingress", "Egress"]),
        ({"egress": [{"action": "Allow"}], "types": ["Ingress"]}, ["Ingress"]),
    ],
)
def test_types_and_tier_are_always_written(spec, types):
    assert with_written_defaults(spec) == {**spec, "tier": "default", "types": types}
