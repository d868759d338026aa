# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an object in Calico's v1 CRDs to the v3 object that it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import (
    GLOBAL_NETWORK_POLICIES,
    GLOBAL_NETWORK_SETS,
    NETWORK_POLICIES,
)
from ansible_collections.netguard.calico.plugins.module_utils._cluster.stored import Unreadable, as_v3

KEY = "projectcalico.org/metadata"


def stored(name: str, own: object = None, **metadata: Any) -> dict[str, Any]:
    annotations = {**metadata.pop("annotations", {}), **({} if own is None else {KEY: json.dumps(own)})}
    return {"metadata": {"name": name, "annotations": annotations, **metadata}, "spec": {"order": 1}}


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (stored("default.a"), "a"),
        (stored("default.a", {"uid": "u"}), "a"),
        (stored("default.a", {"name": "default.a"}), "default.a"),
        (stored("a", {"name": "a"}), "a"),
        (stored("security.a"), "security.a"),
    ],
)
def test_the_name_is_the_one_under_which_it_was_created(item: dict[str, Any], name: str) -> None:
    assert as_v3(GLOBAL_NETWORK_POLICIES, item)["metadata"]["name"] == name
    assert as_v3(NETWORK_POLICIES, item)["metadata"]["name"] == name


def test_only_policies_have_their_tier_in_the_name() -> None:
    assert as_v3(GLOBAL_NETWORK_SETS, stored("default.a"))["metadata"]["name"] == "default.a"


def test_what_the_annotation_says_comes_before_the_v1_metadata() -> None:
    own = {"labels": {"a": "annotation"}, "annotations": {"c": "annotation"}}
    item = stored("a", own, labels={"a": "v1", "b": "v1"}, annotations={"c": "v1", "d": "v1"})
    found = as_v3(GLOBAL_NETWORK_SETS, item)["metadata"]
    assert found["labels"] == {"a": "annotation", "b": "v1"}
    assert found["annotations"] == {"c": "annotation", "d": "v1"}


@pytest.mark.parametrize("text", ["{", "[]", "null", "1"])
def test_what_calico_cannot_read_is_an_error(text: str) -> None:
    item = {"metadata": {"name": "a", "annotations": {KEY: text}}}
    with pytest.raises(Unreadable, match=r"globalnetworksets\.projectcalico\.org a"):
        as_v3(GLOBAL_NETWORK_SETS, item)
