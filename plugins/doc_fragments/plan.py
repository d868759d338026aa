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
  lockout_checks:
    description:
      - Lock-out checks to leave out. Each of them asks whether connections by which a cluster lives, and which are allowed now,
        would be denied after the plan, or on the way; then nothing is written. What is denied now is only told, in RV(lockout).
      - V(nodes_to_api_server), V(pods_to_api_server) are about every API server that the Service C(kubernetes) has.
      - V(pods_to_dns) is about port 53 of the Services in C(kube-system) with the label C(k8s-app=kube-dns), and of
        C(openshift-dns/dns-default). A cache on the nodes is not looked at.
      - V(kubelet) is about the API servers' way to every node's kubelet, V(calico_api_server) and V(admission_webhooks) about
        that to Calico's own API server, where there is one, and to the Services that webhooks name.
      - V(typha) is about the nodes' way to C(calico-typha), V(control_node) about O(control_node_address).
      - Nodes come with their addresses of type C(InternalIP), to Pods also with those of their tunnels.
      - What is not there is not asked about. What is not known warns, as far as the plan may have a part in it.
    type: list
    elements: str
    choices:
      - nodes_to_api_server
      - pods_to_api_server
      - pods_to_dns
      - kubelet
      - typha
      - calico_api_server
      - admission_webhooks
      - control_node
  control_node_address:
    description:
      - The IP address from which the cluster is managed, as its API servers see it. With it, a plan is refused that would deny
        this address what it needs to mend anything.
    type: str
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
