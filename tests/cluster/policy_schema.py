# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specs of Calico's policies: what the namespaced, the global and the staged kinds share and where they differ."""

from __future__ import annotations

from schema import (
    BOOLEAN,
    FORBIDDEN,
    INT_OR_STRING,
    NUMBER,
    REQUIRED,
    Schema,
    array,
    fields,
    filled,
    integer,
    is_true,
    mapping,
    no_global_selector,
    one_of,
    rule,
    text,
)

SELECTOR = text(1024)


def policy_spec() -> Schema:
    """The spec of a NetworkPolicy."""
    return fields(
        _policy_fields(), rules=[no_global_selector("selector"), no_global_selector("serviceAccountSelector")]
    )


def global_policy_spec(more: dict[str, Schema] | None = None) -> Schema:
    """The spec of a GlobalNetworkPolicy, with the further fields of a kind that is built on it."""
    own = {"applyOnForward": BOOLEAN, "doNotTrack": BOOLEAN, "preDNAT": BOOLEAN, "namespaceSelector": SELECTOR}
    selectors = ("selector", "namespaceSelector", "serviceAccountSelector")
    rules = [*_forwarding_rules(), *(no_global_selector(selector) for selector in selectors)]
    return fields({**_policy_fields(), **own, **(more or {})}, rules=rules)


def staged_global_policy_spec() -> Schema:
    """The spec of a StagedGlobalNetworkPolicy."""
    return global_policy_spec({"stagedAction": one_of("Set", "Delete", "Learn", "Ignore", default="Set")})


def _policy_fields() -> dict[str, Schema]:
    """The fields that every kind of policy has."""
    return {
        "tier": text(default="default"),
        "order": NUMBER,
        "selector": SELECTOR,
        "serviceAccountSelector": SELECTOR,
        "types": array(one_of("Ingress", "Egress"), "set", 2, minItems=1),
        "ingress": array(_rule(), "atomic", 1024),
        "egress": array(_rule(), "atomic", 1024),
        "performanceHints": array(one_of("AssumeNeededOnEveryNode"), "set"),
    }


def _forwarding_rules() -> list[Schema]:
    """What doNotTrack and preDNAT demand of the rest of a global policy."""
    before_nat = is_true("preDNAT")
    untracked = is_true("doNotTrack")
    return [
        rule(f"!({before_nat} && {untracked})", "preDNAT excludes doNotTrack", FORBIDDEN),
        rule(f"!({before_nat} && {filled('egress')})", "preDNAT excludes egress rules", FORBIDDEN),
        rule(
            f"!({before_nat} && has(self.types) && self.types.exists(t, t == 'Egress'))",
            "preDNAT excludes the type Egress",
            FORBIDDEN,
        ),
        rule(
            f"!({before_nat} || {untracked}) || {is_true('applyOnForward')}",
            "preDNAT and doNotTrack need applyOnForward",
        ),
    ]


def _rule() -> Schema:
    """One rule of a policy."""
    http_path = fields({"exact": text(1024), "prefix": text(1024)})
    http = fields({"methods": array(text(), "atomic", 20), "paths": array(http_path, "atomic", 20)})
    return fields(
        {
            "action": one_of("Allow", "Deny", "Log", "Pass"),
            "ipVersion": integer(enum=[4, 6]),
            "protocol": INT_OR_STRING,
            "notProtocol": INT_OR_STRING,
            "icmp": _icmp(),
            "notICMP": _icmp(),
            "source": _entity(),
            "destination": _entity(),
            "http": http,
            "metadata": fields({"annotations": mapping(text())}),
        },
        required=["action"],
        rules=_rule_rules(),
    )


def _icmp() -> Schema:
    """An ICMP type, and a code of it."""
    codes_have_a_type = rule("has(self.type) || !has(self.code)", "an ICMP code needs a type")
    return fields({"type": integer(0, 254), "code": integer(0, 255)}, rules=[codes_have_a_type])


def _rule_rules() -> list[Schema]:
    """What the fields of one rule demand of each other."""
    tcp = _among("protocol", "'TCP'", "6")
    any_icmp = _among("protocol", "'ICMP'", "'ICMPv6'", "1", "58")
    destination_ports = "size(self.destination.?ports.orValue([])) + size(self.destination.?notPorts.orValue([]))"
    rules = [
        rule("!has(self.http) || self.action == 'Allow'", "http needs the action Allow", FORBIDDEN),
        rule(f"!has(self.http) || !has(self.protocol) || {tcp}", "http needs TCP"),
        rule(
            f"!has(self.destination) || !has(self.destination.services) || {destination_ports} == 0",
            "a destination with services cannot have ports",
            FORBIDDEN,
        ),
        rule(f"!has(self.icmp) || (has(self.protocol) && {any_icmp})", "icmp needs the protocol ICMP or ICMPv6"),
    ]
    for field in ("protocol", "notProtocol"):
        for name, number, version in (("ICMP", 1, 4), ("ICMPv6", 58, 6)):
            same = _among(field, f"'{name}'", str(number))
            expression = f"!has(self.{field}) || !{same} || !has(self.ipVersion) || self.ipVersion == {version}"
            rules.append(rule(expression, f"{field} {name} needs ipVersion {version}"))
    return rules


def _among(field: str, *values: str) -> str:
    """CEL: the field of `self` is one of the values."""
    return "(" + " || ".join(f"self.{field} == {value}" for value in values) + ")"


def _entity() -> Schema:
    """A rule's source or destination."""
    return fields(
        {
            "nets": array(text(), "set", 256),
            "notNets": array(text(), "set", 256),
            "selector": SELECTOR,
            "notSelector": SELECTOR,
            "namespaceSelector": SELECTOR,
            "ports": array(INT_OR_STRING, "atomic", 50),
            "notPorts": array(INT_OR_STRING, "atomic", 50),
            "serviceAccounts": fields({"names": array(text(), "set"), "selector": text()}),
            "services": fields({"name": text(253), "namespace": text(253)}),
        },
        rules=_entity_rules(),
    )


def _entity_rules() -> list[Schema]:
    """What excludes each other in a source or destination."""
    rules = [
        no_global_selector("selector"),
        rule("!has(self.services) || size(self.services.?name.orValue('')) > 0", "services needs a name", REQUIRED),
        rule("!has(self.services) || !has(self.serviceAccounts)", "services excludes serviceAccounts", FORBIDDEN),
    ]
    for field in ("nets", "notNets", "selector", "notSelector", "namespaceSelector"):
        rules.append(rule(f"!has(self.services) || !{filled(field)}", f"services excludes {field}", FORBIDDEN))
    return rules
