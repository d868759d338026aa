# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module global_network_policy; Ansible finds this by its name."""

from __future__ import annotations

from ansible_collections.netguard.calico.plugins.plugin_utils._long_run import LongRun


class ActionModule(LongRun):
    """See LongRun."""
