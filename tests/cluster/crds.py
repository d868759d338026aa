# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the CustomResourceDefinitions of the folder crds from tables.

`python3 crds.py` writes the files, `python3 crds.py --check` says whether they are what it would write.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from felix_configuration import felix_configuration
from policy_schema import global_policy_spec, policy_spec, staged_global_policy_spec
from schema import (
    BOOLEAN,
    FORBIDDEN,
    INT_OR_STRING,
    NUMBER,
    Schema,
    array,
    conditions,
    fields,
    filled,
    integer,
    is_true,
    no_global_selector,
    one_of,
    rule,
    text,
)

GROUP = "projectcalico.org"
VERSION = "v3"
FOLDER = Path(__file__).resolve().parent / "crds"
_AGE = ("Age", "date", ".metadata.creationTimestamp")
_HEADER = f"""\
# {"SPDX-" + "FileCopyrightText"}: 2026 the netguard.calico contributors
# {"SPDX-" + "License-Identifier"}: GPL-3.0-or-later
# Written by crds.py: change the tables there, then run it.
"""


@dataclass(frozen=True)
class Kind:
    """One kind of the API.

    `rules` are over the whole object, `columns` are what a client's table shows (name, type, JSON path),
    `selectable` are the fields that a field selector may name.
    """

    name: str
    plural: str
    spec: Schema
    namespaced: bool = False
    short_names: tuple[str, ...] = ()
    rules: tuple[Schema, ...] = ()
    status: Schema | None = None
    columns: tuple[tuple[str, str, str], ...] = ()
    selectable: tuple[str, ...] = ()


def kinds() -> list[Kind]:
    """Every kind that has a file."""
    felix, felix_rules = felix_configuration()
    nets = fields({"nets": array(text(), "set")})
    return [
        *_policies(),
        Kind("GlobalNetworkSet", "globalnetworksets", nets, short_names=("gns",), columns=(_AGE,)),
        Kind("NetworkSet", "networksets", nets, namespaced=True),
        Kind("FelixConfiguration", "felixconfigurations", felix, rules=tuple(felix_rules)),
        _tier(),
        _host_endpoint(),
        _ip_pool(),
        _cluster_information(),
    ]


def _policies() -> list[Kind]:
    """The kinds of policies, which can be listed by tier."""
    columns = (("Tier", "string", ".spec.tier"), ("Order", "number", ".spec.order"))
    own = {
        "GlobalNetworkPolicy": (global_policy_spec(), ("gnp", "cgnp"), (*columns, _AGE)),
        "StagedGlobalNetworkPolicy": (staged_global_policy_spec(), ("sgnp",), columns),
        "NetworkPolicy": (policy_spec(), ("cnp", "caliconetworkpolicy"), columns),
    }
    return [
        Kind(
            name,
            f"{name.lower().removesuffix('y')}ies",
            spec,
            namespaced=name == "NetworkPolicy",
            short_names=short_names,
            columns=shown,
            selectable=(".spec.tier",),
        )
        for name, (spec, short_names, shown) in own.items()
    ]


def _tier() -> Kind:
    """Tier; three names are Calico's own and have one order and one action each."""
    fixed = {"default": (1_000_000, "Deny"), "kube-admin": (1_000, "Pass"), "kube-baseline": (10_000_000, "Pass")}
    rules = []
    for name, (order, action) in fixed.items():
        other = f"self.metadata.name != '{name}'"
        has_order = f"{other} || (has(self.spec.order) && self.spec.order == {order}.0)"
        has_action = f"{other} || (has(self.spec.defaultAction) && self.spec.defaultAction == '{action}')"
        rules += [rule(has_order, f"tier {name} has order {order}")]
        rules += [rule(has_action, f"tier {name} has defaultAction {action}")]
    return Kind(
        "Tier",
        "tiers",
        fields({"order": NUMBER, "defaultAction": one_of("Pass", "Deny", default="Deny")}),
        rules=tuple(rules),
        status=conditions(),
        columns=(
            ("Order", "integer", ".spec.order"),
            ("DefaultAction", "string", ".spec.defaultAction"),
            ("Status", "string", ".status.conditions[?(@.type=='Ready')].reason"),
        ),
    )


def _host_endpoint() -> Kind:
    """HostEndpoint."""
    named_port = {"name": text(), "port": integer(1, 65535), "protocol": INT_OR_STRING}
    spec = fields(
        {
            "node": text(253),
            "interfaceName": text(15),
            "expectedIPs": array(text(), "set"),
            "profiles": array(text(), "set"),
            "ports": array(fields(named_port, required=["name", "port", "protocol"]), "atomic"),
        },
        rules=[
            rule(filled("node"), "node is missing"),
            rule(f"{filled('interfaceName')} || {filled('expectedIPs')}", "interfaceName or expectedIPs is missing"),
        ],
    )
    columns = (("Node", "string", ".spec.node"), ("Interface", "string", ".spec.interfaceName"))
    return Kind("HostEndpoint", "hostendpoints", spec, short_names=("hep", "heps"), columns=columns)


def _ip_pool() -> Kind:
    """IPPool."""
    kept = [rule("self == oldSelf", "cannot be changed")]
    encapsulation = one_of("Never", "Always", "CrossSubnet")
    spec = fields(
        {
            "cidr": {**text(48, format="cidr"), "x-kubernetes-validations": kept},
            "blockSize": {**integer(0, 128), "x-kubernetes-validations": kept},
            "ipipMode": encapsulation,
            "vxlanMode": encapsulation,
            "natOutgoing": BOOLEAN,
            "nodeSelector": text(1024, default="all()"),
            "namespaceSelector": text(1024),
            "disabled": BOOLEAN,
            "disableBGPExport": BOOLEAN,
            "allowedUses": array(one_of("Workload", "Tunnel", "LoadBalancer"), "set", 10),
            "assignmentMode": one_of("Automatic", "Manual", default="Automatic"),
        },
        required=["cidr"],
        rules=_ip_pool_rules(),
    )
    columns = (
        ("CIDR", "string", ".spec.cidr"),
        ("VXLAN", "string", ".spec.vxlanMode"),
        ("IPIP", "string", ".spec.ipipMode"),
        ("NAT", "boolean", ".spec.natOutgoing"),
        ("Allocatable", "string", ".status.conditions[?(@.type=='Allocatable')].status"),
        _AGE,
    )
    return Kind("IPPool", "ippools", spec, status=conditions(), columns=columns)


def _ip_pool_rules() -> list[Schema]:
    """What the fields of an IPPool demand of each other."""
    ipip, vxlan = (f"(has(self.{mode}) && self.{mode} != 'Never')" for mode in ("ipipMode", "vxlanMode"))
    uses = "(has(self.allowedUses) && self.allowedUses.exists(use, use == '{}'))"
    load_balancer, tunnel, workload = (uses.format(use) for use in ("LoadBalancer", "Tunnel", "Workload"))
    ipv4 = "cidr(self.cidr).ip().family() == 4"
    block = "(has(self.blockSize) && self.blockSize != 0)"
    block_size = f"({block} ? self.blockSize : ({ipv4} ? 26 : 122))"
    block_limits = f"self.blockSize <= ({ipv4} ? 32 : 128) && self.blockSize >= ({ipv4} ? 20 : 116)"
    outside = "!cidr('{0}').containsIP(cidr(self.cidr).ip()) && !cidr(self.cidr).containsIP('{1}')"
    return [
        rule(f"!({ipip} && {vxlan})", "ipipMode excludes vxlanMode", FORBIDDEN),
        rule(f"{ipv4} || !{ipip}", "IPIP is for IPv4", FORBIDDEN),
        rule(f"!{load_balancer} || !({ipip} || {vxlan})", "LoadBalancer excludes encapsulation", FORBIDDEN),
        rule(f"!{load_balancer} || !({workload} || {tunnel})", "LoadBalancer excludes other uses", FORBIDDEN),
        rule(f"!({load_balancer} && {is_true('disableBGPExport')})", "LoadBalancer pools are exported", FORBIDDEN),
        rule(f"!{load_balancer} || self.nodeSelector == 'all()'", "LoadBalancer needs the nodeSelector all()"),
        rule(f"!{tunnel} || !{filled('namespaceSelector')}", "Tunnel excludes namespaceSelector", FORBIDDEN),
        no_global_selector("nodeSelector"),
        no_global_selector("namespaceSelector"),
        rule("cidr(self.cidr) == cidr(self.cidr).masked()", "the cidr has host bits"),
        rule(outside.format("169.254.0.0/16", "169.254.0.0"), "link-local addresses"),
        rule(outside.format("fe80::/10", "fe80::"), "link-local addresses"),
        rule(f"!{block} || ({block_limits})", "blockSize is 20 to 32 for IPv4, 116 to 128 for IPv6"),
        rule(
            f"(has(self.disabled) && self.disabled) || cidr(self.cidr).prefixLength() <= {block_size}",
            "the pool is smaller than a block",
        ),
    ]


def _cluster_information() -> Kind:
    """ClusterInformation."""
    strings = ("calicoVersion", "clusterGUID", "clusterType", "variant")
    return Kind(
        "ClusterInformation",
        "clusterinformations",
        fields({**{name: text() for name in strings}, "datastoreReady": BOOLEAN}),
        short_names=("clusterinfo", "clusterinfos"),
        columns=(
            ("Version", "string", ".spec.calicoVersion"),
            ("Ready", "boolean", ".spec.datastoreReady"),
            ("Types", "string", ".spec.clusterType"),
        ),
    )


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind."""
    names: dict[str, Any] = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.name.lower(),
    }
    if kind.short_names:
        names["shortNames"] = list(kind.short_names)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    """The one version of a kind."""
    properties = {"apiVersion": text(), "kind": text(), "metadata": {"type": "object"}, "spec": kind.spec}
    if kind.status is not None:
        properties["status"] = kind.status
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": fields(properties, required=["metadata", "spec"], rules=kind.rules)},
    }
    if kind.status is not None:
        version["subresources"] = {"status": {}}
    if kind.columns:
        version["additionalPrinterColumns"] = [
            {"name": name, "type": type_, "jsonPath": path} for name, type_, path in kind.columns
        ]
    if kind.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.selectable]
    return version


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def files() -> dict[Path, str]:
    """Every file with what belongs into it."""
    return {
        FOLDER / f"{kind.plural}.yaml": _HEADER
        + yaml.dump(definition(kind), Dumper=_Dumper, sort_keys=False, width=120)
        for kind in kinds()
    }


def outdated() -> list[Path]:
    """The files that are missing, differ from what their table gives, or have no table."""
    expected = files()
    differing = [
        path for path, content in expected.items() if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    return sorted({*differing, *(path for path in FOLDER.glob("*") if path not in expected)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or check them; the exit status is 1 where a check finds something."""
    parser = argparse.ArgumentParser(description="Write the project's own CustomResourceDefinitions.")
    parser.add_argument("--check", action="store_true", help="write nothing, name the files that are not current")
    if parser.parse_args(arguments).check:
        for path in (stale := outdated()):
            print(f"{path.name} is not what crds.py writes", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
