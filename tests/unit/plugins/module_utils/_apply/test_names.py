# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which live policy is the wanted one where a release of Calico puts the tier before the name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.names import by_wanted_name
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import Resource


@dataclass
class Cluster:
    """A gateway that knows the release only, and counts how often it is asked."""

    release: str | None
    asked: int = 0

    def get(self, resource: Resource, name: str, namespace: str = "") -> dict[str, Any] | None:
        self.asked += 1
        assert (resource.plural, name) == ("clusterinformations", "default")
        return None if self.release is None else {"spec": {"calicoVersion": self.release}}


def named(*names: str) -> list[dict[str, Any]]:
    return [{"metadata": {"name": name}} for name in names]


@pytest.mark.parametrize(
    ("release", "found"),
    [
        ("v3.29.1", {"a", "b"}),
        ("v3.31.0-0.dev-5-gabc", {"a", "b"}),
        ("v3.32.0", {"default.a", "b"}),
        ("v3.100.0", {"default.a", "b"}),
        ("master", {"default.a", "b"}),
        (None, {"default.a", "b"}),
    ],
)
def test_the_release_decides_whose_name_it_is(release: str | None, found: set[str]) -> None:
    live = by_wanted_name(Cluster(release), named("default.a", "b"), ["a", "b", "c"])
    assert set(live) == found
    assert {item["metadata"]["name"] for item in live.values()} == {"default.a", "b"}


@pytest.mark.parametrize(("live", "wanted"), [(["default.a", "a"], ["a"]), (["default.a"], ["b"]), (["a"], ["a"])])
def test_nothing_is_asked_where_there_is_no_doubt(live: list[str], wanted: list[str]) -> None:
    cluster = Cluster("v3.29.1")
    assert set(by_wanted_name(cluster, named(*live), wanted)) == set(live)
    assert cluster.asked == 0
