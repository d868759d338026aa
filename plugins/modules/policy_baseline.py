#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: policy_baseline
short_description: Keep a baseline of Calico GlobalNetworkPolicies in force
version_added: 0.1.0
description:
  - Makes a list of GlobalNetworkPolicies exist exactly as given, or removes them.
  - The whole spec of a policy is owned, so that a field somebody added is removed. Labels and annotations of others stay.
  - A manifest that Calico's own validator or its custom resource definitions would refuse is refused before anything is sent,
    with all its faults; a server stores some of these, and Calico then ignores them in part or as a whole.
  - What is allowed and rarely meant, such as rules in a direction that C(types) lacks, is a warning, in check mode too.
  - Every write is tried as a dry run first; where the server refuses one, nothing is written.
  - Policies that are not listed are never touched, save those of this baseline that O(prune=delete) removes.
author: the netguard.calico contributors (@netguard)
extends_documentation_fragment:
  - netguard.calico.connection
  - netguard.calico.policies
  - netguard.calico.plan
  - netguard.calico.wait
  - netguard.calico.cancelling
  - netguard.calico.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) creates and updates, the policy that Calico looks at last being written first, unless another order is
        needed so that no connection is cut or opened on the way; see O(allow_interruption).
      - V(absent) deletes the listed policies that carry the label of this baseline or have an equal spec, in the opposite
        order, again unless another one is needed. A listed policy that is neither is somebody else's, and the module fails before
        it deletes any.
    type: str
    choices: [present, absent]
    default: present
  prune:
    description:
      - What happens to policies that carry the label of this baseline (O(name)) and are no longer listed.
      - V(report) names them in RV(prunable) and in a warning, V(delete) removes them, after
        everything else unless another order is needed.
      - V(delete) needs O(policies), O(src) or O(default_policies), so that a forgotten list does not remove its policies.
      - Policies without the label, or with that of another baseline, are never removed, and policies of tiers that the account
        may not see are not found.
    type: str
    choices: [none, report, delete]
    default: none
  max_prune:
    description:
      - How many policies V(delete) of O(prune) may remove; where there are more, nothing is written.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: The default baseline
  netguard.calico.policy_baseline:
    kubeconfig: ~/.kube/config
    context: prod-eu

- name: Policies of one's own
  netguard.calico.policy_baseline:
    name: edge
    src: policies/edge.yaml
    expected_cluster_uid: 6f1c2a53-8f7e-4f0b-9d0e-3a3f0f3f9b11

- name: Policies that may open nothing, and must not cut the shop off its database
  netguard.calico.policy_baseline:
    name: edge
    src: policies/edge.yaml
    on_opened: refuse
    expectations:
      - name: web reaches its database
        source: {namespace: shop, labels: {app: web}}
        destination: {service: {namespace: shop, name: db}}
        port: 5432
        verdict: allow
"""

RETURN = r"""
plan:
  description: The writes in their order, done or, in check mode, to be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      type: str
    kind:
      description: Kind of the object.
      type: str
    name:
      description: Name of the object.
      type: str
    difference:
      description: For an update, each field that differs with its live and its wanted value.
      type: list
      elements: dict
plan_digest:
  description: What to give as O(plan_digest), so that this plan and no other one is carried out.
  returned: success
  type: str
prunable:
  description: Policies of this baseline that are no longer listed; empty with O(prune=none), which does not look for them.
  returned: success
  type: list
  elements: str
opened:
  description:
    - Connections that are denied before and allowed after, put together by what decides, each with an example. As
      RV(netguard.calico.policy_verdict_info#module:changed_connections).
  returned: success
  type: list
  elements: dict
cut:
  description: The same of connections that are allowed before and denied after.
  returned: success
  type: list
  elements: dict
uncertain:
  description: The same of connections that are not known before or after.
  returned: success
  type: list
  elements: dict
interruptions:
  description:
    - The first states on the way in which connections are cut or opened that are so neither before nor after; empty unless
      O(allow_interruption) is needed.
  returned: success
  type: list
  elements: dict
  contains:
    done:
      description: The writes after which it is so.
      type: list
      elements: str
    connections:
      description: The connections, as in RV(cut) and RV(opened).
      type: list
      elements: dict
unjudged:
  description: Why there may be more than these lists say, such as what could not be read.
  returned: success
  type: list
  elements: str
truncated:
  description: Whether the lists of connections were cut, so that the result does not grow too large.
  returned: success
  type: bool
expectations:
  description: What becomes of each of O(expectations); empty where there is nothing to write.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name that was given, or the ends.
      type: str
    verdict:
      description: The verdict that is expected.
      type: str
    before:
      description: The verdict before the first write.
      type: str
    after:
      description: The verdict after the last one.
      type: str
    met:
      description: Whether it holds after the plan, and on the way if it did before.
      type: bool
    text:
      description: The verdict in words, with what decides.
      type: str
kept_by_finalizers:
  description: Policies that are deleted and stay in force until their finalizers are taken away.
  returned: success
  type: list
  elements: str
adopted:
  description: Policies that existed without the label of any baseline and now belong to this one.
  returned: success
  type: list
  elements: str
cluster:
  description: The cluster that answered (uid, server, context, version, backend, tls_verified, tls_source).
  returned: once a cluster answered
  type: dict
code:
  description: A stable word for what went wrong, such as C(forbidden) or C(unreachable).
  returned: failure
  type: str
"""

from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netguard.calico.plugins.module_utils._apply.policies import (
    Change,
    Live,
    all_and_named_policies,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import (
    CONNECTION,
    PLAN,
    POLICIES,
    POLICIES_EXCLUSIVE,
    WAIT,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.policies import (
    allowance,
    change_policies,
    warn_about,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.run import Session, Work, run
from ansible_collections.netguard.calico.plugins.module_utils._module.source import baseline_policies
from ansible_collections.netguard.calico.plugins.module_utils._plan.digest import Approval, approved_digest
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import checked_pruning
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, plan_absent, plan_present


def prepare(params: dict[str, Any]) -> Work:
    """Reads the policies, so that a bad manifest is refused before anything is sent."""
    policies = baseline_policies(params)
    present = params["state"] == "present"
    planned = plan_present if present else plan_absent
    approved = approved_digest(params["plan_digest"])
    allowed = allowance(params)
    pruning = checked_pruning(params, [policy.name for policy in policies])

    def plan(live: Live) -> Plan:
        return pruning.added_to(planned(policies, live), live)

    def work(session: Session) -> dict[str, Any]:
        warn_about(session, policies if present else ())
        names = () if session.cluster.backend == "native" else [policy.name for policy in policies]
        read = partial(all_and_named_policies, session.gateway, names)
        approval = Approval(approved, session.cluster.uid)
        wanted = policies if present else ()
        backend = session.cluster.backend
        change = Change(read, plan, backend, allowed, policies, wanted, approval, params["take_over"], session.progress)
        return change_policies(session, change, pruning)

    return work


def main() -> None:
    own = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "prune": {"type": "str", "choices": ["none", "report", "delete"], "default": "none"},
        "max_prune": {"type": "int", "default": 5},
    }
    module = AnsibleModule(
        argument_spec={**CONNECTION, **POLICIES, **PLAN, **WAIT, **own},
        mutually_exclusive=POLICIES_EXCLUSIVE,
        supports_check_mode=True,
    )
    run(module, prepare)


if __name__ == "__main__":
    main()
