#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: service_external_traffic_policy
short_description: Keep the source addresses of clients visible to policy
version_added: 0.1.0
description:
  - Sets C(externalTrafficPolicy) on the selected Services, so that policy sees the address of the client instead of a node's.
  - What a Service had before is recorded in its annotation C(netguard.calico/original), and can be put back.
  - A Service whose annotation C(netguard.calico/external-traffic-policy) says C(ignore) is left alone in either O(state).
  - A Service whose clients would be cut off by V(Local) is left as it is, and is RV(services[].status=refused). That is judged
    before the first write, from itself, its EndpointSlices, the Nodes, kube-proxy's ConfigMap and, for load balancers, all
    Services and the policies at host endpoints.
  - Nothing but this field and that annotation is written, several Services at a time, and nothing where nothing differs.
author: the netguard.calico contributors (@netguard)
extends_documentation_fragment:
  - netguard.calico.connection
  - netguard.calico.selection
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
      - V(present) sets O(policy). V(absent) puts back what was recorded before the first change, and takes the record away.
      - A Service that opted out after it was changed keeps what it has, and its record, until the annotation is taken away.
      - V(restored) puts back what O(backup) holds of one run, only where nobody has changed it since; a Service that somebody has
        changed has failed with the C(code) V(changed_since). No Services are selected then.
    type: str
    choices: [present, absent, restored]
    default: present
  policy:
    description:
      - The C(externalTrafficPolicy) that the Services are to have.
    type: str
    choices: [Local, Cluster]
    default: Local
  record_original:
    description:
      - Record the former value in an annotation. Without it O(state=absent) leaves the Service as it is.
    type: bool
    default: true
  fail_fast:
    description:
      - Begin no further write after the first one that fails. Otherwise each Service is tried.
    type: bool
    default: false
  backup:
    description:
      - Where that what a run changes is kept as it was, before its first write; a file or C(configmap:NAMESPACE/NAME), as
        O(netguard.calico.policy_baseline#module:backup), and another one than that of the policies.
      - O(state=absent) needs none, since each Service has a record. It goes back to before the first change, and this to before
        one run.
    type: path
  backup_job:
    description:
      - A name for the job that this task is part of, kept in O(backup); as
        O(netguard.calico.policy_baseline#module:backup_job).
    type: str
  batch:
    description:
      - Change so many Services at a time, a number such as V(10) or a percentage of those that are to be changed such as V(25%).
      - After each batch they are looked at. No further one is begun where there are new Events V(SyncLoadBalancerFailed),
        V(CreatingLoadBalancerFailed) or V(FailedToStartServiceHealthcheck), where a load balancer's address changed or went, or
        where ready endpoints did. The module then fails with the RV(code) V(batch_in_trouble).
      - Without it, all are changed and none is looked at afterwards.
    type: str
  batch_pause:
    description:
      - Seconds between a batch and the look at it.
    type: int
    default: 10
  ignore_hazards:
    description:
      - Hazards that are not to keep a Service from becoming V(Local). RV(services) says which hazards a Service has, and what to
        do about them.
    type: list
    elements: str
    choices: [managed_by_controller, no_endpoint_with_node, endpoint_node_unknown, only_terminating_endpoints,
              endpoints_on_excluded_nodes, shared_load_balancer_address, node_port_range_exhausted, put_back_before,
              health_check_port_blocked, nodes_without_local_endpoint]
  entry_nodes:
    description:
      - Names of the nodes that clients outside of the cluster really use, such as those behind an external load balancer;
        may have globs. A Service then needs an endpoint on each of them, for each port and address family.
      - Without it, ready nodes without an endpoint are a warning only, since nobody knows whether a client asks them.
    type: list
    elements: str
  return_all:
    description:
      - Return all Services, those too where nothing was to be done, even where there are many.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Services of the shops
  netguard.calico.service_external_traffic_policy:
    kubeconfig: ~/.kube/config
    namespaces: ["shop-*"]

- name: Put back what they had
  netguard.calico.service_external_traffic_policy:
    namespaces: ["shop-*"]
    state: absent

- name: Keep what this run changes, so that it can be undone by itself
  netguard.calico.service_external_traffic_policy:
    namespaces: ["shop-*"]
    backup: /var/backups/prod-eu.services.json
"""

RETURN = r"""
services:
  description:
    - What became of each Service. Of more than 100 only those that were not fine already, unless O(return_all=true).
  returned: once the Services were read
  type: list
  elements: dict
  contains:
    namespace:
      description: Its namespace.
      type: str
    name:
      description: Its name.
      type: str
    type:
      description: Its type.
      type: str
    status:
      description:
        - V(changed), V(unchanged), V(ignored) by its annotation, V(not_applicable) as it has no address outside the cluster,
          V(refused) as one of RV(services[].hazards) speaks against it,
          V(missing), V(gone), V(failed), or V(not_attempted) after another one failed with O(fail_fast=true), after eight
          in a row got no answer, after a batch that is in trouble, or after the run was cancelled.
      type: str
    reason:
      description: Why.
      type: str
    code:
      description: Why the Service failed, as a stable word such as C(refused), C(conflict) or C(record_broken); C(cancelled)
          where the run was cancelled before it was attempted; otherwise null.
      type: str
    hazards:
      description:
        - What may go wrong for its clients with V(Local), of a Service that was changed or refused. Each has C(id), C(severity),
          C(message) and C(remedy); C(severity) is V(refuse), V(warn) or V(note).
      type: list
      elements: dict
    before:
      description: The fields that are written, as they were.
      type: dict
    after:
      description:
        - The same fields as the server answered them; in check mode without a port for health checks that it has yet to choose.
      type: dict
counts:
  description: Number of Services per status, complete even where the list is cut.
  returned: once the Services were read
  type: dict
conflicts:
  description: How often somebody else changed a Service just before it was written; it was read and decided anew then.
  returned: once the Services were read
  type: int
cluster_hazards:
  description:
    - What is hazardous about V(Local) for every Service alike, by the settings of kube-proxy and Calico, with the same keys as
      RV(services[].hazards). C(kube_proxy_unknown) says which settings could not be read. Empty where no Service was to become
      V(Local).
  returned: once the Services were read
  type: list
  elements: dict
backup_file:
  description: Where what was changed is kept, as O(backup) is given; empty without it, and where nothing was to be changed.
  returned: once the Services were read
  type: str
restored_from:
  description: The backup that is put back, by its C(job) (see O(backup_job)) and the time at which it was C(created), in UTC.
  returned: with O(state=restored), once the backup was read
  type: dict
truncated:
  description: Whether entries were left out of RV(services) or the diff.
  returned: once the Services were read
  type: bool
cluster:
  description: The cluster that answered (uid, server, context, version, backend, tls_verified, tls_source).
  returned: once a cluster answered
  type: dict
code:
  description:
    - A stable word for what went wrong, such as C(forbidden) or C(unreachable). It is C(services_failed) where single
      Services failed, each of which has its own C(code) in RV(services), and C(batch_in_trouble) where O(batch) ended the run.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import CONNECTION, SELECTION
from ansible_collections.netguard.calico.plugins.module_utils._module.run import run_on_kubernetes
from ansible_collections.netguard.calico.plugins.module_utils._module.services import REFUSING, prepare


def main() -> None:
    own = {
        "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
        "policy": {"type": "str", "choices": ["Local", "Cluster"], "default": "Local"},
        "record_original": {"type": "bool", "default": True},
        "fail_fast": {"type": "bool", "default": False},
        "backup": {"type": "path"},
        "backup_job": {"type": "str"},
        "batch": {"type": "str"},
        "batch_pause": {"type": "int", "default": 10},
        "ignore_hazards": {"type": "list", "elements": "str", "choices": list(REFUSING)},
        "entry_nodes": {"type": "list", "elements": "str"},
        "return_all": {"type": "bool", "default": False},
    }
    module = AnsibleModule(
        argument_spec={**CONNECTION, **SELECTION, **own},
        required_if=[("state", "restored", ["backup"])],
        supports_check_mode=True,
    )
    run_on_kubernetes(module, prepare)


if __name__ == "__main__":
    main()
