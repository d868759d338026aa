#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: global_network_policy
short_description: Manage one Calico GlobalNetworkPolicy
version_added: 0.1.0
description:
  - Makes one GlobalNetworkPolicy exist exactly as given, or removes it.
  - The whole spec is owned, so that a field somebody added is removed. Labels and annotations of others stay.
  - A manifest that Calico's own validator or its custom resource definitions would refuse is refused before anything is sent,
    with all its faults. What is allowed and rarely meant is a warning.
  - For a set of policies use M(netguard.calico.policy_baseline), which writes them in a safe order.
author: the netguard.calico contributors (@netguard)
extends_documentation_fragment:
  - netguard.calico.connection
  - netguard.calico.plan
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
      - V(absent) with O(name) removes the policy of that name, whatever its spec.
      - V(absent) with O(definition) removes it only if its spec is the given one, or it carries the label of a baseline.
    type: str
    choices: [present, absent]
    default: present
  definition:
    description:
      - The manifest, spelled as Calico spells it. Needed for V(present).
    type: dict
  name:
    description:
      - Name of the policy to remove.
    type: str
"""

EXAMPLES = r"""
- name: Nothing leaves the namespaces of the laboratory
  netguard.calico.global_network_policy:
    definition:
      apiVersion: projectcalico.org/v3
      kind: GlobalNetworkPolicy
      metadata:
        name: laboratory-isolated
      spec:
        namespaceSelector: has(laboratory)
        order: 300
        types: [Egress]
        egress:
          - action: Deny

- name: Remove it
  netguard.calico.global_network_policy:
    name: laboratory-isolated
    state: absent
"""

RETURN = r"""
before:
  description: The policy as it was, null where there was none.
  returned: success
  type: dict
after:
  description: The policy as it is now or, in check mode, would be; null where there is none.
  returned: success
  type: dict
difference:
  description: Each field that differed, with its live and its wanted value.
  returned: success
  type: list
  elements: dict
plan:
  description: The write done or, in check mode, to be done.
  returned: success
  type: list
  elements: dict
plan_digest:
  description: What to give as O(plan_digest), so that this plan and no other one is carried out.
  returned: success
  type: str
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
  description: Always empty here; a single policy carries no label of a baseline.
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
from ansible_collections.netguard.calico.plugins.module_utils._apply.policies import Change, one_policy
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import CONNECTION, PLAN
from ansible_collections.netguard.calico.plugins.module_utils._module.policies import (
    allowance,
    change_one_policy,
    warn_about,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.run import Session, Work, run
from ansible_collections.netguard.calico.plugins.module_utils._module.source import single_policy
from ansible_collections.netguard.calico.plugins.module_utils._plan.digest import Approval, approved_digest
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import (
    plan_absent,
    plan_present,
    plan_removal,
)


def prepare(params: dict[str, Any]) -> Work:
    """Reads the policy, so that a bad manifest is refused before anything is sent."""
    given = [] if params["definition"] is None else [single_policy(params["definition"])]
    name = given[0].name if given else params["name"]
    approved = approved_digest(params["plan_digest"])
    allowed = allowance(params)
    wanted = given if params["state"] == "present" else []
    plan = partial(plan_present if wanted else plan_absent, given) if given else partial(plan_removal, name)

    def work(session: Session) -> dict[str, Any]:
        warn_about(session, wanted)
        change = Change(
            partial(one_policy, session.gateway, name),
            plan,
            session.cluster.backend,
            allowed,
            policies=given,
            present=wanted,
            approval=Approval(approved, session.cluster.uid),
            take_over=params["take_over"],
            progress=session.progress,
        )
        return change_one_policy(session, change, name)

    return work


def main() -> None:
    own = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "definition": {"type": "dict"},
        "name": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={**CONNECTION, **PLAN, **own},
        required_if=[("state", "present", ["definition"])],
        required_one_of=[("definition", "name")],
        mutually_exclusive=[("definition", "name")],
        supports_check_mode=True,
    )
    run(module, prepare)


if __name__ == "__main__":
    main()
