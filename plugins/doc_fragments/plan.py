# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that write policies by a plan."""

from __future__ import annotations


class ModuleDocFragment:
    """How a plan is held to what was agreed upon."""

    DOCUMENTATION = r"""
options:
  plan_digest:
    description:
      - The digest of the plan that was approved, as a run in check mode returns it. Another plan than that is refused.
      - A run that has nothing to write is never refused, so that an approved plan may be run twice.
    type: str
  take_over:
    description:
      - Whether policies may be changed or removed that bear the marks of Argo CD, Flux or Helm. Such a tool puts back what
        was written past it, and so the module refuses without this.
    type: bool
    default: false
"""
