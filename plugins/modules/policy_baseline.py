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
  - Makes a list of GlobalNetworkPolicies exist exactly as given, stages that, or removes them.
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
      - V(staged) writes what V(present) would do as StagedGlobalNetworkPolicies, which Calico logs in its flow logs and
        does not enforce. What V(present) would create or change is staged with C(stagedAction) V(Set), and what
        O(prune=delete) would remove with V(Delete). A policy that is in force as wanted has no staged one, so that what is
        staged is just what would change. No enforced policy is written.
      - With V(staged), RV(preview), RV(opened), RV(cut), RV(uncertain), RV(interruptions), RV(expectations) and RV(lockout) are
        about the plan that V(present) would carry out. O(on_opened), O(allow_interruption), O(expectations), O(on_unknown) and
        lock-out checks refuse nothing then, since nothing is enforced; there is a warning instead. Whatever else V(present)
        would refuse is refused. The dry run of that plan is left out, with a warning, where the account may only write staged
        policies.
      - A StagedGlobalNetworkPolicy of a listed name without the label of a baseline is taken over, and one of another
        baseline refused, as enforced ones are. Where a deletion is to be staged in place of one without the label, the
        module fails.
      - V(present) and V(absent) remove the staged policies of this baseline that have the name of a listed one, behind all
        other writes, and those that are not listed as O(prune) says. Where the account may not read staged policies, they
        are left, with a warning.
      - Staged policies need Calico 3.30 or newer. Felix does not look at a staged V(Delete), so that no flow log shows it;
        verdicts with O(netguard.calico.policy_verdict_info#module:staged=enforce) do.
      - V(restored) puts back what O(backup) holds of one run. What the run has created is deleted, what it has deleted is
        created, and what it has changed is as it was. It does so only where nobody has changed any of it since, else it says what
        differs and writes nothing. Policies are not given then, and what is put back is a plan like others.
    type: str
    choices: [present, staged, absent, restored]
    default: present
  prune:
    description:
      - What happens to policies that carry the label of this baseline (O(name)) and are no longer listed.
      - V(report) names them in RV(prunable) and in a warning, V(delete) removes them, after
        everything else unless another order is needed.
      - V(delete) needs O(policies), O(src) or O(default_policies), so that a forgotten list does not remove its policies.
      - Policies without the label, or with that of another baseline, are never removed, and policies of tiers that the account
        may not see are not found.
      - Staged policies with the label of this baseline that are not listed are treated alike, and are spelled
        C(StagedGlobalNetworkPolicy NAME); one that stages the removal of a policy is no such leftover while it would be
        removed.
    type: str
    choices: [none, report, delete]
    default: none
  max_prune:
    description:
      - How many policies V(delete) of O(prune) may remove, or stage the removal of; where there are more, nothing is
        written. A policy and its staged one count once.
    type: int
    default: 5
  backup:
    description:
      - Where the objects that a run writes are kept as they were, before its first write. A run that writes nothing keeps
        nothing.
      - The path of a file where the task runs, in a folder that exists; it gets the mode 0600. A backup of an earlier run that is
        there is kept beside it, its name followed by its time.
      - Or C(configmap:NAMESPACE/NAME), for jobs whose files vanish with their container. As many earlier backups as there is room
        for (1 MB) are kept in the same ConfigMap. The account needs the rights of C(docs/rbac/backup.yaml) in that namespace.
      - If it cannot be stored, nothing is written.
    type: path
  backup_job:
    description:
      - A name for the job that this task is part of, kept in O(backup), and told by RV(restored_from) when that is put back. By
        it one knows which backups of policies and of Services go together. Without it, each task is a job by itself.
    type: str
  on_failure:
    description:
      - What happens where a write fails after others were done.
      - V(stop) leaves them as they are. In the state in between no connection is cut or opened that is so neither before nor
        after, unless O(allow_interruption) was needed. The next run goes on from there.
      - V(restore) puts back what was there before, in an order that is as safe; where there is none, or where putting back fails
        too, it stops. With O(state=restored) it stops in any case.
    type: str
    choices: [stop, restore]
    default: stop
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

- name: A preview of what the list would change, in Calico's flow logs
  netguard.calico.policy_baseline:
    state: staged
    name: edge
    src: policies/edge.yaml
    prune: delete

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

- name: As a job whose container vanishes
  netguard.calico.policy_baseline:
    backup: configmap:netguard-calico/edge
    on_failure: restore

- name: Undo the last run that wrote something
  netguard.calico.policy_baseline:
    state: restored
    backup: configmap:netguard-calico/edge
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
preview:
  description: The writes that V(present) would make, as RV(plan) has them.
  returned: success, with O(state=staged)
  type: list
  elements: dict
prunable:
  description:
    - Policies of this baseline that are no longer listed, staged ones as C(StagedGlobalNetworkPolicy NAME); empty with
      O(prune=none).
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
lockout:
  description: What becomes of each lock-out check, see O(lockout_checks); empty where there is nothing to write.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the check.
      type: str
    result:
      description:
        - V(kept) where all its connections are allowed afterwards; V(denied_before) where those that are not are denied now too.
        - V(unknown) where that is not known; V(not_applicable) where there is nobody to be reached; V(left_out) where it was not
          to be asked for.
        - V(worse), with O(state=staged) only, where a connection that is allowed now would be denied.
      type: str
    text:
      description: Why, with an example and what decides.
      type: str
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
backup_file:
  description:
    - Where the objects that are written are kept as they were, or would be in check mode, as O(backup) is given.
    - Empty without O(backup), where there is nothing to write, and with O(state=restored); null on a failure without O(backup).
  returned: success, and failure after a first write
  type: str
restored_from:
  description: The backup that is put back, by its C(job) (see O(backup_job)) and the time at which it was C(created), in UTC.
  returned: with O(state=restored), once the backup was read
  type: dict
done:
  description: The writes that were done.
  returned: failure after a first write
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
    UNDO,
    WAIT,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.backups import Place, backup_place
from ansible_collections.netguard.calico.plugins.module_utils._module.policies import (
    allowance,
    change_policies,
    restore,
    stage_policies,
    undo,
    warn_about,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.run import Session, Work, run
from ansible_collections.netguard.calico.plugins.module_utils._module.source import baseline_policies
from ansible_collections.netguard.calico.plugins.module_utils._module.staging import clearing, previewing
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.digest import Approval, approved_digest
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import checked_pruning
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, plan_absent, plan_present

# How policies are planned, what becomes of staged ones, and what is returned.
_OF_STATE = {
    "present": (plan_present, clearing, change_policies),
    "staged": (plan_present, previewing, stage_policies),
    "absent": (plan_absent, clearing, change_policies),
}


def prepare(params: dict[str, Any]) -> Work:
    """Reads the input, so that what is wrong with it is refused before anything is sent."""
    approved = approved_digest(params["plan_digest"])
    allowed = allowance(params)
    place = backup_place(params["backup"])
    if place is not None and params["state"] == "restored":
        return restore(params, place, allowed, approved)
    return _bring(params, place, allowed, approved)


def _bring(params: dict[str, Any], place: Place | None, allowed: Allowance, approved: str | None) -> Work:
    policies = baseline_policies(params)
    state = params["state"]
    planned, staging, result_of = _OF_STATE[state]
    pruning = checked_pruning(params, [policy.name for policy in policies])

    def plan(live: Live) -> Plan:
        return pruning.added_to(planned(policies, live), live)

    def work(session: Session) -> dict[str, Any]:
        wanted = () if state == "absent" else policies
        warn_about(session, wanted)
        names = () if session.cluster.backend == "native" else [policy.name for policy in policies]
        change = Change(
            partial(all_and_named_policies, session.gateway, names),
            plan,
            session.cluster.backend,
            allowed,
            undo(session, place),
            policies=policies,
            present=wanted,
            approval=Approval(approved, session.cluster.uid),
            take_over=params["take_over"],
            staging=staging(session, policies, pruning),
            progress=session.progress,
        )
        return result_of(session, change, pruning)

    return work


def main() -> None:
    own = {
        "state": {"type": "str", "choices": ["present", "staged", "absent", "restored"], "default": "present"},
        "prune": {"type": "str", "choices": ["none", "report", "delete"], "default": "none"},
        "max_prune": {"type": "int", "default": 5},
    }
    module = AnsibleModule(
        argument_spec={**CONNECTION, **POLICIES, **PLAN, **UNDO, **WAIT, **own},
        mutually_exclusive=POLICIES_EXCLUSIVE,
        required_if=[("state", "restored", ["backup"])],
        supports_check_mode=True,
    )
    run(module, prepare)


if __name__ == "__main__":
    main()
