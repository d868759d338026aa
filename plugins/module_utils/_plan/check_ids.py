# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock-out checks by their ids, in the order in which they are told. It imports nothing, for the sake of argument specs."""

from __future__ import annotations

LOCKOUT_CHECKS = (
    "nodes_to_api_server",
    "pods_to_api_server",
    "pods_to_dns",
    "kubelet",
    "typha",
    "calico_api_server",
    "admission_webhooks",
    "control_node",
)
