# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that write policies by a plan."""

from __future__ import annotations


class ModuleDocFragment:
    """How a plan is held to what was agreed upon, and what it may do to connections."""

    DOCUMENTATION = r"""
options:
  plan_digest:
    description:
      - The digest of the plan that was approved, as a run in check mode returns it. Another plan than that is refused.
      - The order of the writes counts too; it can be another one where Pods or policies of others have changed meanwhile.
      - A run that has nothing to write is never refused, so that an approved plan may be run twice.
    type: str
  take_over:
    description:
      - Whether policies may be changed or removed that bear the marks of Argo CD, Flux or Helm. Such a tool puts back what
        was written past it, and so the module refuses without this.
    type: bool
    default: false
  expectations:
    description:
      - Connections that must be allowed or denied after the plan, and on the way where they are before; else nothing is written.
      - Each is as in O(netguard.calico.policy_verdict_info#module:connections), with a C(verdict) of V(allow) or V(deny).
      - They are judged where there is something to write. What of them does not hold now is told, and keeps nothing from
        being mended.
    type: list
    elements: dict
  on_unknown:
    description:
      - What happens where it is not known whether an expectation is met, as something could not be read or an end of it does
        not exist.
    type: str
    choices: [refuse, warn]
    default: refuse
  on_opened:
    description:
      - What happens where the plan opens connections that are denied now. V(warn) warns and goes on.
      - V(refuse) refuses the plan, also where it is not known whether it opens any, since something could not be read.
    type: str
    choices: [warn, refuse]
    default: warn
  allow_interruption:
    description:
      - The writes are made in an order in which no connection is cut on the way that is allowed before and after, and none
        opened that is denied before and after. Where no such order is found, the plan is refused without this.
      - The promise is about what is stored; nodes follow it with a lag. It is about connections of Pods, not about what host
        endpoints do, and where something could not be read, it is about the rest; RV(unjudged) says so.
    type: bool
    default: false
"""
