# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects that hold policy, with their fields, types and limits; no other file lists them.

From Calico's API (api/pkg/apis/projectcalico/v3 and the CustomResourceDefinitions made from it) and Kubernetes' own
(networking.k8s.io/v1). What depends on several fields is in rule_validation.py and object_validation.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .field_types import Anything, Choice, Fields, Flag, Items, Number, Scalar, Strings, Text, Type, Whole
from .global_network_policy import API_VERSION as CALICO
from .syntax import Syntax

KUBERNETES = "networking.k8s.io/v1"
ANNOTATION_BYTES = 256 * 1024

_RULES, _NETS, _PORTS, _HTTP_MATCHES = 1024, 256, 50, 20
_SELECTOR = Text(Syntax.SELECTOR, longest=1024)
_ANNOTATIONS = Strings(keys=Syntax.ANNOTATION_KEY, bytes=ANNOTATION_BYTES)
_LABELS = Strings(keys=Syntax.LABEL_KEY, values=Syntax.LABEL_VALUE)

# An export of a live object has the first ones, and they are the server's. Nobody looks at what any of these say.
SERVERS_METADATA = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
OTHER_METADATA = ("generateName", "finalizers", "ownerReferences", "deletionTimestamp", "deletionGracePeriodSeconds")


def _fields(known: Mapping[str, Type], *required: str) -> Fields:
    return Fields(MappingProxyType(dict(known)), required)


def _kind(name: Syntax, spec: Fields, required: tuple[str, ...] = ("metadata", "spec"), **besides: Type) -> Fields:
    metadata: dict[str, Type] = {
        "name": Text(name, filled=True),
        "namespace": Text(Syntax.LABEL_NAME),
        "labels": _LABELS,
        "annotations": _ANNOTATIONS,
        **dict.fromkeys((*SERVERS_METADATA, *OTHER_METADATA), Anything()),
    }
    whole = {"apiVersion": Text(), "kind": Text(), "metadata": _fields(metadata, "name"), "spec": spec, **besides}
    return _fields(whole, *required)


_NETS_OF_SIDE = Items(Text(Syntax.RULE_NET, filled=True), most=_NETS, distinct=True)
_PORTS_OF_SIDE = Items(Scalar(Syntax.PORT), most=_PORTS)
_SERVICE_NAME = Text(Syntax.SUBDOMAIN, longest=253)
_SIDE = _fields(
    {
        "nets": _NETS_OF_SIDE,
        "notNets": _NETS_OF_SIDE,
        "selector": _SELECTOR,
        "notSelector": _SELECTOR,
        "namespaceSelector": _SELECTOR,
        "ports": _PORTS_OF_SIDE,
        "notPorts": _PORTS_OF_SIDE,
        "services": _fields({"name": _SERVICE_NAME, "namespace": _SERVICE_NAME}),
        "serviceAccounts": _fields({"names": Items(Text(), distinct=True), "selector": Text(Syntax.SELECTOR)}),
    }
)
_ICMP = _fields({"type": Whole(0, 254), "code": Whole(0, 255)})
_HTTP_PATH = _fields({"exact": Text(longest=1024), "prefix": Text(longest=1024)})
_RULE = _fields(
    {
        "action": Choice(("Allow", "Deny", "Log", "Pass")),
        "ipVersion": Choice((4, 6)),
        "protocol": Scalar(Syntax.PROTOCOL),
        "notProtocol": Scalar(Syntax.PROTOCOL),
        "icmp": _ICMP,
        "notICMP": _ICMP,
        "source": _SIDE,
        "destination": _SIDE,
        "http": _fields(
            {
                "methods": Items(Text(), most=_HTTP_MATCHES, distinct=True),
                "paths": Items(_HTTP_PATH, most=_HTTP_MATCHES),
            }
        ),
        "metadata": _fields({"annotations": _ANNOTATIONS}),
    },
    "action",
)
_POLICY: Mapping[str, Type] = {
    "tier": Text(Syntax.SUBDOMAIN),
    "order": Number(),
    "ingress": Items(_RULE, most=_RULES),
    "egress": Items(_RULE, most=_RULES),
    "selector": _SELECTOR,
    "serviceAccountSelector": _SELECTOR,
    "types": Items(Choice(("Ingress", "Egress")), least=1, most=2, distinct=True),
    "performanceHints": Items(Choice(("AssumeNeededOnEveryNode",)), distinct=True),
}
_GLOBAL_POLICY: Mapping[str, Type] = {
    **_POLICY,
    "namespaceSelector": _SELECTOR,
    "applyOnForward": Flag(),
    "doNotTrack": Flag(),
    "preDNAT": Flag(),
}
_STAGED_GLOBAL_POLICY: Mapping[str, Type] = {
    **_GLOBAL_POLICY,
    "stagedAction": Choice(("Set", "Delete", "Learn", "Ignore")),
}
_NETWORK_SET = _fields({"nets": Items(Text(Syntax.NET, filled=True), distinct=True)})
_TIER = _fields({"order": Number(), "defaultAction": Choice(("Pass", "Deny"))})
_HOST_PORT: Mapping[str, Type] = {
    "name": Text(Syntax.PORT_NAME, filled=True),
    "port": Whole(1, 65_535),
    "protocol": Scalar(Syntax.PROTOCOL),
}
_HOST_ENDPOINT = _fields(
    {
        "node": Text(Syntax.SUBDOMAIN, longest=253),
        "interfaceName": Text(Syntax.INTERFACE),
        "expectedIPs": Items(Text(Syntax.ADDRESS, filled=True), distinct=True),
        "profiles": Items(Text(Syntax.SUBDOMAIN, filled=True), distinct=True),
        "ports": Items(_fields(_HOST_PORT, *_HOST_PORT)),
    }
)

_REQUIREMENT: Mapping[str, Type] = {
    "key": Text(Syntax.LABEL_KEY, filled=True),
    "operator": Choice(("In", "NotIn", "Exists", "DoesNotExist")),
    "values": Items(Text(Syntax.LABEL_VALUE)),
}
_LABEL_SELECTOR = _fields(
    {"matchLabels": _LABELS, "matchExpressions": Items(_fields(_REQUIREMENT, "key", "operator"))},
)
_BLOCK = Text(Syntax.KUBERNETES_NET, filled=True)
_IP_BLOCK = _fields({"cidr": _BLOCK, "except": Items(_BLOCK)}, "cidr")
_PEERS = Items(
    _fields({"podSelector": _LABEL_SELECTOR, "namespaceSelector": _LABEL_SELECTOR, "ipBlock": _IP_BLOCK}),
)
_PEER_PORTS = Items(
    _fields(
        {
            "protocol": Choice(("TCP", "UDP", "SCTP")),
            "port": Scalar(Syntax.KUBERNETES_PORT),
            "endPort": Whole(1, 65_535),
        }
    )
)
_KUBERNETES_POLICY = _fields(
    {
        "podSelector": _LABEL_SELECTOR,
        "ingress": Items(_fields({"ports": _PEER_PORTS, "from": _PEERS})),
        "egress": Items(_fields({"ports": _PEER_PORTS, "to": _PEERS})),
        "policyTypes": Items(Choice(("Ingress", "Egress")), most=2),
    }
)

# By apiVersion and kind.
KINDS: Mapping[tuple[str, str], Fields] = MappingProxyType(
    {
        (CALICO, "GlobalNetworkPolicy"): _kind(Syntax.GLOBAL_POLICY_NAME, _fields(_GLOBAL_POLICY)),
        (CALICO, "StagedGlobalNetworkPolicy"): _kind(Syntax.GLOBAL_POLICY_NAME, _fields(_STAGED_GLOBAL_POLICY)),
        (CALICO, "NetworkPolicy"): _kind(Syntax.POLICY_NAME, _fields(_POLICY)),
        (CALICO, "GlobalNetworkSet"): _kind(Syntax.OBJECT_NAME, _NETWORK_SET),
        (CALICO, "NetworkSet"): _kind(Syntax.OBJECT_NAME, _NETWORK_SET),
        (CALICO, "Tier"): _kind(Syntax.LABEL_NAME, _TIER, status=Anything()),
        (CALICO, "HostEndpoint"): _kind(Syntax.OBJECT_NAME, _HOST_ENDPOINT),
        (KUBERNETES, "NetworkPolicy"): _kind(Syntax.OBJECT_NAME, _KUBERNETES_POLICY, ("metadata",)),
    }
)
