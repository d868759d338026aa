# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which data planes the settings of a cluster leave possible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Inventory
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot
from ansible_collections.netguard.calico.plugins.module_utils._service.data_plane import (
    IPTABLES,
    NFTABLES,
    KubeProxy,
    LocalDetection,
)
from ansible_collections.netguard.calico.plugins.module_utils._service.planes import possible_planes
from ansible_collections.netguard.calico.plugins.module_utils._service.settings import (
    KubeProxySettings,
    Pool,
    Settings,
)

POOL = Pool("pods", "10.244.0.0/16", nat_outgoing=True, is_tunnelled=False)
KEPT = replace(POOL, nat_outgoing=False)
BY_CIDR = LocalDetection("ClusterCIDR", "10.244.0.0/16")
NEWER, OLDER = (1, 36), (1, 35)


def proxies(mode: str | None, pool: Pool, nodes_excluded: bool | None = False) -> list[KubeProxy]:
    known = None if mode is None else KubeProxySettings(mode, KubeProxy(BY_CIDR, mode=mode))
    settings = Settings(known, (pool,), bpf=False, appends=False, nodes_excluded=nodes_excluded)
    snapshot = Snapshot()
    return [plane.kube_proxy for plane in possible_planes(snapshot, Inventory(snapshot), settings, 4)]


@pytest.mark.parametrize(
    ("mode", "pool", "nodes_excluded", "releases"),
    [
        # All that leaves the pool has a node's address before another node sees it.
        (NFTABLES, POOL, False, [NEWER]),
        (NFTABLES, KEPT, False, [NEWER, OLDER]),
        (NFTABLES, POOL, True, [NEWER, OLDER]),
        (IPTABLES, KEPT, True, [NEWER]),
    ],
)
def test_no_object_tells_the_release_of_kube_proxy_by_which_nftables_mode_differs(
    mode: str, pool: Pool, nodes_excluded: bool, releases: list[tuple[int, int]]
) -> None:
    assert [proxy.release for proxy in proxies(mode, pool, nodes_excluded)] == releases


def test_where_kube_proxy_could_not_be_read_its_mode_is_not_known_either() -> None:
    assert {proxy.mode for proxy in proxies(None, POOL)} == {IPTABLES}
    assert {proxy.mode for proxy in proxies(None, KEPT)} == {IPTABLES, NFTABLES}
    assert {proxy.mode for proxy in proxies(None, POOL, nodes_excluded=None)} == {IPTABLES, NFTABLES}
