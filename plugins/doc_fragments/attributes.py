# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what all modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes, in the terms of Ansible's documentation."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what a real run does, without writing to the cluster.
  diff_mode:
    description: Returns what changed or would change in C(diff) mode.
  idempotent:
    description: A second run with the same input changes nothing and writes nothing.
  action_group:
    description: Use C(group/netguard.calico.calico) in C(module_defaults) to set the connection's options once.
    support: full
    membership: [netguard.calico.calico]
"""
