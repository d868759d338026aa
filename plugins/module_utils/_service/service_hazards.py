# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of Local by what a Service itself says, and by other Services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .external_traffic_policy import recorded_original
from .hazard import Found
from .selection import full_name, service_type
from .surroundings import Surroundings, load_balancer_ingress

Service = Mapping[str, Any]
OUR_MANAGER = "netguard.calico"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OFF = ("", "false")
_NAME, _GATEWAY = "app.kubernetes.io/name", "gateway.networking.k8s.io/gateway-name"
# Ingress controllers and gateways by the name that their own charts give them.
_PROXIES = (
    "apisix",
    "contour",
    "envoy",
    "gateway",
    "haproxy-ingress",
    "ingress-nginx",
    "istio-ingressgateway",
    "kong",
    "kubernetes-ingress",
    "nginx-ingress",
    "traefik",
)
# What AWS' controllers have for targets that are Pods: the annotation, and its value.
_DIRECT = (
    ("service.beta.kubernetes.io/aws-load-balancer-nlb-target-type", "ip"),
    ("service.beta.kubernetes.io/aws-load-balancer-type", "nlb-ip"),
)


def managed(service: Service) -> Found:
    """Whoever makes the Service makes it again as it was."""
    metadata = service["metadata"]
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller"):
            yield "managed_by_controller", f"{owner['kind']} {owner['name']} makes it"
            return
    for label in (_GATEWAY, "olm.owner"):
        if label in (metadata.get("labels") or {}):
            yield "managed_by_controller", f"its label {label} says that {metadata['labels'][label]} makes it"
            return


def applied(service: Service) -> Found:
    """Whoever applies the Service with this field sets it back; one that does not list the field leaves it alone.

    An entry of an Update proves nothing: whoever creates a Service owns the defaulted field too.
    https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    metadata = service["metadata"]
    for entry in metadata.get("managedFields") or ():
        listed = "f:externalTrafficPolicy" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        if entry.get("operation") == "Apply" and entry.get("manager") != OUR_MANAGER and listed:
            yield "managed_by_applier", f"{entry['manager']} applies it with this field"
            return
    if "externalTrafficPolicy" in _last_applied(service):
        yield "managed_by_applier", f"its annotation {LAST_APPLIED} has this field"


def _last_applied(service: Service) -> Mapping[str, Any]:
    """The spec that kubectl applied last, empty where there is none that can be read."""
    try:
        content = json.loads((service["metadata"].get("annotations") or {}).get(LAST_APPLIED, "{}"))
        spec: Mapping[str, Any] = content["spec"]
    except (ValueError, TypeError, KeyError):
        return {}
    return spec if isinstance(spec, dict) else {}


def put_back(service: Service) -> Found:
    """Somebody set back what was set here: whoever did that had a reason, or does it again.

    The annotation says that it was set here; whoever has the field now is in managedFields.
    """
    original = recorded_original(service)
    if original is None or original["externalTrafficPolicy"] == "Local":
        return
    owners = [
        str(entry.get("manager"))
        for entry in service["metadata"].get("managedFields") or ()
        if "f:externalTrafficPolicy" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    if OUR_MANAGER not in owners:
        yield (
            "put_back_before",
            f"it was set to Local before, and is Cluster again by {' and '.join(owners) or 'somebody'}",
        )


def proxy(service: Service) -> Found:
    """Whether behind it are proxies, which see the client, while the Pods behind them see the proxies."""
    labels, selector = service["metadata"].get("labels") or {}, (service.get("spec") or {}).get("selector") or {}
    named = [found for found in (selector.get(_NAME), labels.get(_NAME)) if found in _PROXIES]
    gateway = labels.get(_GATEWAY) or selector.get(_GATEWAY)
    if named or gateway:
        which = f"Gateway {gateway}" if gateway else named[0]
        yield "only_proxy_sees_client", f"its endpoints are proxies ({which}), so what they pass on comes from them"


def load_balancer(service: Service) -> Found:
    """What a load balancer does with the change, and whether the client's address comes through it at all."""
    if service_type(service) != "LoadBalancer":
        return
    annotations = service["metadata"].get("annotations") or {}
    if any(annotations.get(name) == value for name, value in _DIRECT):
        yield "no_benefit_direct_to_pod", "its load balancer hands connections to Pods directly"
    ingress = load_balancer_ingress(service)
    if ingress:
        yield "load_balancer_reconfigured", "it has a load balancer that is in use"
    proxied = [name for name, value in annotations.items() if _is_proxy_protocol(name) and value.lower() not in _OFF]
    if proxied:
        yield "no_benefit_proxy_load_balancer", f"its annotation {proxied[0]} says that the load balancer is a proxy"
    elif any(each.get("ipMode") == "Proxy" for each in ingress):
        yield (
            "no_benefit_proxy_load_balancer",
            "its load balancer is a proxy (ipMode), with a source address of its own",
        )
    elif ingress and not any(each.get("ip") for each in ingress):
        yield (
            "no_benefit_proxy_load_balancer",
            "its load balancer has a name and no address, so its source is not known",
        )


def _is_proxy_protocol(annotation: str) -> bool:
    """Clouds spell it aws-load-balancer-proxy-protocol, uses-proxyprotocol and the like; v2 is a value, not a name."""
    return annotation.replace("-", "").endswith(("proxyprotocol", "enableproxyprotocol"))


def shared_address(service: Service, around: Surroundings) -> Found:
    """Services that share an address are announced from one node, which under Local must have endpoints of all of them.

    https://metallb.io/usage/#ip-address-sharing
    """
    own = around.load_balancers.get(full_name(service))
    if own is None:
        return
    for place in sorted(own.places):
        others = [names for selector, names in around.at_place[place].items() if selector != own.selector]
        if others:
            count = sum(map(len, others))
            said = f"it shares its address with others that have another selector: {count}, such as {others[0][0]}"
            yield "shared_load_balancer_address", said
            return


def node_ports(service: Service, around: Surroundings) -> Found:
    """A load balancer's Service takes one more port of the nodes under Local, for the health check."""
    if service_type(service) == "LoadBalancer" and around.ports_wanted > around.ports_free:
        wanted, free = around.ports_wanted, max(around.ports_free, 0)
        said = f"node ports wanted for health checks: {wanted}, free in the default range: {free}"
        yield "node_port_range_exhausted", said
