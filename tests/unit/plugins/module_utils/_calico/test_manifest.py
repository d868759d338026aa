# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken for a policy, and what the refusal says."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidManifest
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import (
    SourcedManifest,
    parse_policies,
    with_written_defaults,
)

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
        (changed(["metadata"], None), "metadata is missing"),
        (changed(["metadata", "name"], "Web"), "metadata.name 'Web' is not a Kubernetes name"),
        (changed(["metadata", "name"], 7), "metadata.name 7 is not"),
        (changed(["metadata", "labels"], {"a": 1}), "metadata.labels must map strings to strings"),
        (changed(["metadata", "ownr"], "x"), "unknown field metadata.ownr"),
        (changed(["spec"], []), "spec is missing"),
        (changed(["spec", "ordr"], 1), "unknown field spec.ordr"),
        (changed(["spec", "order"], "10"), "spec.order is a string"),
        (changed(["spec", "order"], True), "spec.order is a boolean"),
        (changed(["spec", "types"], ["ingress"]), "spec.types has 'ingress'"),
        (changed(["spec", "ingress"], [{"action": "allow"}]), "spec.ingress[0].action is 'allow'"),
        (changed(["spec", "ingress"], ["Allow"]), "spec.ingress[0] is a string, not a rule"),
        (changed(["status"], {}), "unknown field status"),
    ],
)
def test_what_is_no_policy_is_refused_by_name(content, said):
    with pytest.raises(InvalidManifest) as refused:
        parse_policies([SourcedManifest("policies[0]", content)])
    assert f"policies[0]: {said}" in refused.value.message
    assert "\n" not in refused.value.message


def test_all_faults_of_all_manifests_are_said_at_once():
    bad = changed(["spec", "ordr"], 1)
    with pytest.raises(InvalidManifest) as refused:
        parse_policies([SourcedManifest("a", bad), SourcedManifest("b", GOOD), SourcedManifest("c", {})])
    assert "a: unknown field spec.ordr" in refused.value.message
    assert "c: is no apiVersion no kind" in refused.value.message


def test_same_name_twice_is_refused():
    with pytest.raises(InvalidManifest, match="web is given 2 times"):
        parse_policies([SourcedManifest("a", GOOD), SourcedManifest("b", GOOD)])


def test_no_policy_at_all_is_refused():
    with pytest.raises(InvalidManifest, match="no policy is given"):
        parse_policies([])


def test_an_export_of_a_live_policy_is_taken_without_the_servers_fields():
    exported = changed(["metadata"], {"name": "web", "uid": "1", "resourceVersion": "5", "managedFields": []})
    assert parse_policies([SourcedManifest("a", exported)])[0].manifest()["metadata"] == {"name": "web"}


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
