# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of one rule must not be together."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.validation import faults

from calico_objects import Manifest, egress, ingress, item, source

SERVICES = {"name": "a", "namespace": "b"}


@pytest.mark.parametrize(
    "manifest",
    [
        ingress(protocol="TCP", source={"ports": [80]}, destination={"notPorts": ["8000:8100"]}),
        ingress(protocol=6, source={"ports": [80]}),
        ingress(protocol="132", source={"ports": [80]}),
        ingress(source={"ports": ["http"]}),
        ingress(protocol="ICMP", icmp={"type": 8}),
        ingress(protocol=58, icmp={"type": 128, "code": 0}),
        ingress(protocol="ICMP", icmp={}),
        ingress(notICMP={"type": 8}),
        ingress(protocol="ICMP", ipVersion=4),
        ingress(notProtocol="ICMPv6", ipVersion=6),
        # The servers compare what is written, so the numbers as strings escape them.
        ingress(protocol="58", ipVersion=4),
        ingress(http={"methods": ["GET"]}),
        ingress(protocol=6, http={"paths": [{"prefix": "/a"}, {"exact": "/", "prefix": ""}]}),
        ingress(ipVersion=6, source={"nets": ["fd00::/8"]}, destination={"notNets": ["fd01::/16"]}),
        ingress(
            source={"nets": ["10.0.0.0/8"], "notNets": ["10.1.0.0/16"]}, destination={"nets": ["::ffff:10.0.0.0/104"]}
        ),
        ingress(source={"nets": ["0.0.0.0/0"]}),
        source(services=SERVICES),
        source(services=SERVICES, ports=[80], nets=[], selector="", serviceAccounts=None),
        egress(destination={"services": SERVICES}),
        source(namespaceSelector="global()"),
        source(namespaceSelector=" global( ) "),
        source(notSelector="global()"),
        item("NetworkPolicy", {"ingress": [{"action": "Allow", "source": {"services": {"name": "a"}}}]}),
    ],
)
def test_what_is_accepted(manifest: Manifest) -> None:
    assert [str(fault) for fault in faults(manifest)] == []


@pytest.mark.parametrize(
    ("manifest", "wrong"),
    [
        (ingress(source={"ports": [80]}), ["source.ports"]),
        (ingress(destination={"notPorts": ["http", "1:2"]}), ["destination.notPorts"]),
        (ingress(protocol="ICMP", source={"ports": ["http"]}, destination={"notPorts": [1]}),
         ["source.ports", "destination.notPorts"]),
        (ingress(protocol="UDPLite", source={"ports": [80]}), ["source.ports"]),
        (ingress(icmp={"type": 8}), ["icmp"]),
        (ingress(icmp={}), ["icmp"]),
        (ingress(protocol="TCP", icmp={"type": 8}), ["icmp"]),
        (ingress(protocol="1", icmp={"type": 8}), ["icmp"]),
        (ingress(protocol="ICMP", icmp={"code": 1}, notICMP={"code": 1, "type": None}), ["icmp.type", "notICMP.type"]),
        (ingress(protocol="ICMP", ipVersion=6), ["ipVersion"]),
        (ingress(protocol=58, ipVersion=4), ["ipVersion"]),
        (ingress(notProtocol=1, ipVersion=6), ["ipVersion"]),
        (ingress(http={}, protocol="UDP"), ["protocol"]),
        (ingress(http={}, protocol="6"), ["protocol"]),
        (ingress(http={}, action="Deny"), ["http"]),
        (ingress(http={"paths": [{}, {"exact": "/a", "prefix": "/b"}, {"exact": "a"}, {"prefix": "/a?b"}, {"exact": "/a b"}]}),
         [f"http.paths[{n}]" for n in range(5)]),
        (ingress(source={"nets": ["10.0.0.0/8", "fd00::/8"]}), ["source.nets[1]"]),
        (ingress(source={"nets": ["10.0.0.0/8"]}, destination={"notNets": ["fd00::/8"]}), ["destination.notNets[0]"]),
        (ingress(ipVersion=6, source={"nets": ["10.0.0.0/8"]}), ["source.nets[0]"]),
        (ingress(source={"notNets": ["0.0.0.0/0"]}), ["source.notNets[0]"]),
        (ingress(source={"notNets": ["::/0"]}), ["source.notNets[0]"]),
        (ingress(source={"selector": "global()"}), ["source.selector"]),
        (ingress(source={"selector": "a == 'global('"}), ["source.selector"]),
        (ingress(source={"namespaceSelector": "global() || has(a)"}), ["source.namespaceSelector"]),
        (ingress(source={"namespaceSelector": "(global())"}), ["source.namespaceSelector"]),
        (ingress(source={"namespaceSelector": "a == 'global('"}), ["source.namespaceSelector"]),
        (source(services={}), ["source.services.name", "source.services.namespace"]),
        (source(services={"namespace": "b"}), ["source.services.name"]),
        (source(services=SERVICES, selector="has(a)", notSelector="has(a)", namespaceSelector="has(a)"),
         ["source.selector", "source.notSelector", "source.namespaceSelector"]),
        (source(services=SERVICES, nets=["10.0.0.0/8"], notNets=["10.0.0.0/9"], serviceAccounts={}),
         ["source.nets", "source.notNets", "source.serviceAccounts"]),
        (ingress(destination={"services": SERVICES}), ["destination.services"]),
        (ingress(protocol="TCP", destination={"services": SERVICES, "ports": [80]}),
         ["destination.services", "destination.ports"]),
    ],
)  # fmt: skip
def test_what_is_refused_in_ingress(manifest: Manifest, wrong: list[str]) -> None:
    assert sorted(fault.path for fault in faults(manifest)) == sorted(f"spec.ingress[0].{path}" for path in wrong)


@pytest.mark.parametrize(
    ("manifest", "wrong"),
    [
        (egress(http={"methods": ["GET"]}), ["http"]),
        (egress(source={"services": SERVICES}), ["source.services"]),
        (egress(destination={"services": {"name": "a"}}), ["destination.services.namespace"]),
        (egress(protocol="TCP", destination={"services": SERVICES, "ports": [1], "notPorts": [2]}),
         ["destination.ports", "destination.notPorts"]),
    ],
)  # fmt: skip
def test_what_is_refused_in_egress(manifest: Manifest, wrong: list[str]) -> None:
    assert sorted(fault.path for fault in faults(manifest)) == sorted(f"spec.egress[0].{path}" for path in wrong)


def test_the_second_family_is_told_from_the_first() -> None:
    (fault,) = faults(ingress(source={"nets": ["fd00::/8"]}, destination={"nets": ["10.0.0.0/8"]}))
    assert str(fault).startswith("spec.ingress[0].destination.nets[0]: is IPv4, source.nets[0] is IPv6: ")
    (fault,) = faults(ingress(ipVersion=6, source={"nets": ["10.0.0.0/8"]}))
    assert str(fault).startswith("spec.ingress[0].source.nets[0]: is IPv4, ipVersion is IPv6: ")
