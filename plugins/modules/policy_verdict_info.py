#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: policy_verdict_info
short_description: Say what policy does with connections, and what decides
version_added: 0.1.0
description:
  - Answers for each connection whether Calico's policies allow it, what decides that, and why, with a trace of every rule that
    was looked at. Nothing is sent over the network but reads, and nothing is written.
  - Works on the live cluster, or wholly offline on manifests (O(resources) or O(src)).
  - With a O(change) it tells what the verdicts would be, and which connections of the whole cluster the change opens or cuts.
  - A verdict is V(allow), V(deny) or V(unknown). It is unknown where something that could not be read, or that policy on packets
    does not see, could change the answer; the reasons are given.
author: the netguard.calico contributors (@netguard)
extends_documentation_fragment:
  - netguard.calico.connection
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
  connections:
    description:
      - The connections that are asked about, each with C(source), C(destination), C(protocol) (default TCP), C(port), and if
        you like C(name), C(source_port), and C(icmp) with C(type) and C(code).
      - An end is one of C(pod) and C(service) (each with C(namespace) and C(name)), C(address), C(node), or C(namespace) and
        C(labels) (and C(service_account)), which mean every Pod that has them, or, where none has, one that would.
      - C(port) is the Service's port, by number or name, where the destination is a Service; the verdict is then on its
        endpoints.
    type: list
    elements: dict
  resources:
    description:
      - Objects that stand for the cluster; no cluster is asked. Pods, Namespaces, ServiceAccounts, Nodes, Services,
        EndpointSlices, HostEndpoints, FelixConfigurations, the DaemonSet C(calico-node), and all kinds of policies, tiers and
        network sets count; others are left out. What is not given is taken not to exist.
    type: list
    elements: dict
  src:
    description:
      - A YAML file with such objects, or a folder of them, read where the task runs.
    type: path
  change:
    description:
      - What would be written. Without it the verdicts are those of now.
    type: dict
    suboptions:
      present:
        description:
          - Manifests that would be created, or replace what is there.
        type: list
        elements: dict
      absent:
        description:
          - Objects that would be deleted, by C(apiVersion), C(kind) and C(metadata).
        type: list
        elements: dict
  staged:
    description:
      - V(ignore) staged policies, as Calico does, or V(enforce) them, as if they were enforced already.
    type: str
    choices: [ignore, enforce]
    default: ignore
"""

EXAMPLES = r"""
- name: Does the shop reach its database, and dev not the vault
  netguard.calico.policy_verdict_info:
    kubeconfig: ~/.kube/config
    connections:
      - name: web reaches its database
        source: {namespace: shop, labels: {app: web}}
        destination: {service: {namespace: shop, name: db}}
        port: 5432
      - name: dev reaches the vault
        source: {namespace: dev}
        destination: {labels: {area: dummy}}
        port: 8200
  register: answers

- name: What would a new policy open or cut, without a cluster
  netguard.calico.policy_verdict_info:
    src: exported/
    change:
      present: "{{ lookup('ansible.builtin.file', 'new-policy.yml') | from_yaml_all | list }}"
"""

RETURN = r"""
verdicts:
  description: The answers, after the O(change) if one is given. A connection whose pairs of endpoints do not agree has several.
  returned: success
  type: list
  elements: dict
  contains:
    connection:
      description: Name of the connection, or its ends.
      type: str
    verdict:
      description: V(allow), V(deny) or V(unknown).
      type: str
    decided_by:
      description: >-
        Kind, name, namespace, tier and rule (its index; -1 for the end of the tier, credited to the tier's first policy that
        applies) of what decided; null where no policy looks, or where the verdict is unknown.
      type: dict
    at:
      description: Where it was decided.
      type: str
    source:
      description: One of the sources that this answer is about.
      type: str
    destination:
      description: One of the destinations that this answer is about.
      type: str
    traffic:
      description: Protocol and port.
      type: str
    pairs:
      description: How many pairs of endpoints this answer is about.
      type: int
    reasons:
      description: Why the verdict is unknown.
      type: list
      elements: str
    trace:
      description: For each place that the connection passes the rules that were looked at, and why they matched or not.
      type: list
      elements: dict
    text:
      description: The answer in words.
      type: str
changed_verdicts:
  description: The connections whose answer the O(change) alters, with V(before) and V(after).
  returned: with O(change)
  type: list
  elements: dict
changed_connections:
  description: >-
    Everything that the O(change) opens, cuts or makes unknown in the whole cluster, by end and by what decides, with an example
    and a text. Each entry means all of its sources with all of its destinations and all of its traffic, save an endpoint with
    itself, and a node with Pods of its own. Where that takes too many entries, they are summed up in one with C(in_part) true.
    Null where the change adds or removes endpoints; RV(not_compared) says so, and what else is left out.
  returned: with O(change)
  type: list
  elements: dict
not_compared:
  description: >-
    What of the cluster was not compared, such as the traffic of nodes where there are host endpoints; empty where all was.
  returned: with O(change)
  type: str
counts:
  description: Numbers of answers by verdict.
  returned: success
  type: dict
findings:
  description: >-
    What is wrong or rarely meant with the policies, each with C(id) (C(policy_fails_open), C(implicit_deny_switched_off),
    C(rule_unreachable), C(policy_selects_nothing)), C(subject) and C(message).
  returned: success
  type: list
  elements: dict
unread:
  description: What could not be read, or was not given, with C(what) and C(message).
  returned: success
  type: list
  elements: dict
truncated:
  description: Whether entries were left out of the lists.
  returned: success
  type: bool
cluster:
  description: The cluster that answered (uid, server, context, version, backend, tls_verified, tls_source).
  returned: on a live cluster
  type: dict
code:
  description: A stable word for what went wrong, such as C(forbidden) or C(not_found).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import CONNECTION, VERDICTS, WAIT
from ansible_collections.netguard.calico.plugins.module_utils._module.run import run_offline, run_reading
from ansible_collections.netguard.calico.plugins.module_utils._module.verdicts import answer_offline, prepare


def main() -> None:
    module = AnsibleModule(
        argument_spec={**CONNECTION, **VERDICTS, **WAIT},
        mutually_exclusive=[("resources", "src")],
        required_one_of=[("connections", "change")],
        supports_check_mode=True,
    )
    if module.params["resources"] is not None or module.params["src"]:
        run_offline(module, answer_offline)
    else:
        run_reading(module, prepare)


if __name__ == "__main__":
    main()
