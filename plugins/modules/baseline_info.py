#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline_info
short_description: Say whether the baseline is in force, and where policy still does not reach
version_added: 0.1.0
description:
  - Compares the GlobalNetworkPolicies of a baseline and the Services of a selection with what the cluster has.
  - Nothing is written. Where a policy differs, a dry run asks the server what it would restore by itself; an account that
    may only read gets every difference reported. Where the server does not answer, the policy is V(unknown).
  - What cannot be read is reported in RV(unread), and RV(status) is then never V(compliant).
author: the netguard.calico contributors (@netguard)
extends_documentation_fragment:
  - netguard.calico.connection
  - netguard.calico.policies
  - netguard.calico.selection
  - netguard.calico.wait
  - netguard.calico.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  policy:
    description:
      - The C(externalTrafficPolicy) that the selected Services are to have.
    type: str
    choices: [Local, Cluster]
    default: Local
  gather_subset:
    description:
      - What is read. The cluster always is. Services are read only where a selection is given.
      - V(paths) asks besides, of all Pods and Services, which connections policy denies that come about by the ports of nodes
        all the same, since policy sees other addresses there. It reads everything on which verdicts depend, IPPools, and
        kube-proxy's ConfigMap; what of that cannot be read is in RV(unread).
    type: list
    elements: str
    choices: [cluster, policies, services, paths]
    default: [cluster, policies, services]
  checks:
    description:
      - The user's own checks over the facts. One that does not parse is an error before anything is read.
      - C(id) names the check, C(message) (optional) says what is wrong when it fails, and C(query) is a JMESPath expression over
        RV(cluster), RV(policies), RV(foreign_policies), RV(services), RV(counts), RV(gaps), RV(paths) and RV(unread).
      - A check passes only where its query gives V(true); anything else fails it.
    type: list
    elements: dict
  query:
    description:
      - JMESPath expression over the same facts and RV(findings). Its answer is returned as RV(query_result), and the lists
        themselves are left out of the result.
    type: str
  return_all:
    description:
      - Return all Services, the fine ones too, even where there are many.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Where do I stand
  netguard.calico.baseline_info:
    kubeconfig: ~/.kube/config
    namespaces: ["shop-*"]
  register: baseline

- name: Which connections come about by the ports of nodes, though a policy denies them
  netguard.calico.baseline_info:
    gather_subset: [cluster, policies, paths]

- name: With a check of one's own
  netguard.calico.baseline_info:
    checks:
      - id: no-foreign-allow
        query: length(foreign_policies[?kind == 'GlobalNetworkPolicy']) == `0`
        message: Somebody else's GlobalNetworkPolicy comes before the baseline
"""

RETURN = r"""
compliant:
  description: True when everything that was asked for is as declared and nothing was unread.
  returned: success
  type: bool
status:
  description:
    - V(compliant); V(not_compliant) when something is known to be wrong; V(unknown) when something could not be read;
      V(not_judged) when neither policies nor Services nor checks were asked for.
  returned: success
  type: str
judged:
  description: The parts that RV(status) is about.
  returned: success
  type: list
  elements: str
policies:
  description: Each policy of the baseline.
  returned: without O(query)
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    status:
      description:
        - V(in_place), V(drifted), V(missing), or V(unknown) when it could not be read, or when the server could not be asked
          what it would restore; RV(unread) then says why.
      type: str
    managed_by:
      description: The GitOps tool that keeps the policy, by its marks, such as C(Argo CD (edge)); null where there is none.
      type: str
    difference:
      description: Each field that differs, with its C(path), C(live) and C(wanted) value.
      type: list
      elements: dict
    spec:
      description: The live spec.
      type: dict
foreign_policies:
  description: Policies of others that Calico looks at before one of the baseline's in the same direction.
  returned: without O(query)
  type: list
  elements: dict
services:
  description: The selected Services with C(external_traffic_policy), C(complies), C(status) and C(reason).
  returned: without O(query)
  type: list
  elements: dict
counts:
  description: Numbers per status of policies and Services, complete even where lists are cut.
  returned: success
  type: dict
gaps:
  description:
    - Ways past the baseline although it is in place, each with C(id), C(message), C(subjects), C(remedies), and C(manifest), a
      policy that would close it, where there is one.
  returned: without O(query)
  type: list
  elements: dict
paths:
  description:
    - With V(paths) and V(policies) in O(gather_subset), for each policy of the baseline, each end of connections, each kind of
      clients and each path to Services, whether the policy decides there what it decides about the same ends directly.
    - Each has C(policy), C(kind), C(end) (V(egress), V(ingress)), C(client) (V(pod), V(node), V(outside)), C(path), C(matches)
      (V(always), V(never), V(sometimes), V(unknown)), and C(reasons), each with C(id), C(example) and C(remedy).
  returned: without O(query)
  type: list
  elements: dict
findings:
  description: Everything that is not as declared, each with C(id), C(subject) and C(message).
  returned: without O(query)
  type: list
  elements: dict
checks:
  description: Each check with C(passed) and the C(value) of its query.
  returned: without O(query)
  type: list
  elements: dict
unread:
  description: What could not be read, each with C(what), C(code) and C(message).
  returned: without O(query)
  type: list
  elements: dict
query_result:
  description: The answer of O(query).
  returned: with O(query)
  type: raw
summary:
  description: The result in lines for people.
  returned: success
  type: list
  elements: str
truncated:
  description: Whether entries were left out of the lists. RV(counts) are complete all the same.
  returned: success
  type: bool
cluster:
  description: The cluster that answered (uid, server, context, version, backend, tls_verified, tls_source).
  returned: once a cluster answered
  type: dict
code:
  description: A stable word for what went wrong, such as C(forbidden) or C(unreachable).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import (
    CHECKS,
    CONNECTION,
    POLICIES,
    POLICIES_EXCLUSIVE,
    SELECTION,
    WAIT,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.baseline import prepare
from ansible_collections.netguard.calico.plugins.module_utils._module.run import run_reading


def main() -> None:
    own = {
        "policy": {"type": "str", "choices": ["Local", "Cluster"], "default": "Local"},
        "gather_subset": {
            "type": "list",
            "elements": "str",
            "choices": ["cluster", "policies", "services", "paths"],
            "default": ["cluster", "policies", "services"],
        },
        "query": {"type": "str"},
        "return_all": {"type": "bool", "default": False},
    }
    module = AnsibleModule(
        argument_spec={**CONNECTION, **POLICIES, **SELECTION, **CHECKS, **WAIT, **own},
        mutually_exclusive=POLICIES_EXCLUSIVE,
        supports_check_mode=True,
    )
    run_reading(module, prepare)


if __name__ == "__main__":
    main()
