# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of connections: what is read, and what is refused with its place."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import (
    AddressEnd,
    Connection,
    LabelsEnd,
    NodeEnd,
    PodEnd,
    ServiceEnd,
    parse_connections,
)
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._calico.nets import parse_address

POD = {"pod": {"namespace": "shop", "name": "web-1"}}
NODE = {"node": "n1"}


def parsed(**fields: Any) -> Connection:
    return parse_connections([{"source": POD, "destination": NODE, **fields}], "connections", "refused")[0]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (POD, PodEnd("shop", "web-1")),
        (NODE, NodeEnd("n1")),
        ({"service": {"namespace": "shop", "name": "db"}}, ServiceEnd("shop", "db")),
        ({"namespace": "shop", "labels": {"b": "2", "a": "1"}}, LabelsEnd("shop", (("a", "1"), ("b", "2")), "")),
        ({"labels": {"area": "dummy"}}, LabelsEnd("", (("area", "dummy"),), "")),
        ({"namespace": "shop", "service_account": "robot"}, LabelsEnd("shop", (), "robot")),
    ],
)
def test_ends(end: dict[str, Any], expected: object) -> None:
    assert parsed(source=end).source == expected


def test_an_address_is_an_end() -> None:
    address = parse_address("192.0.2.1")
    assert address is not None
    assert parsed(destination={"address": "192.0.2.1"}).destination == AddressEnd(address)


def test_what_is_left_out_and_what_templates_give() -> None:
    assert (parsed().protocol, parsed().port) == (6, None)
    assert (parsed(protocol="17", port="53").protocol, parsed(protocol="17", port="53").port) == (17, 53)
    icmp = parsed(protocol="ICMP", icmp={"type": 8})
    assert (icmp.protocol, icmp.icmp_type, icmp.icmp_code) == (1, 8, None)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"source": None}, ".source is missing"),
        ({"source": {}}, ".source is no mapping that names an end"),
        ({"source": {"pod": {"name": "x"}}}, ".source has a pod without namespace and name"),
        ({"source": {**POD, "node": "n1"}}, ".source names more than one end: node, pod"),
        ({"source": {**POD, "labels": {}}}, ".source names more than one end: labels, pod"),
        ({"source": {"address": "10.0.0.256"}}, ".source has the address '10.0.0.256', which is none"),
        ({"source": {"colour": "red"}}, ".source has the unknown field colour"),
        ({"source": {"labels": {"a": 1}}}, ".source has labels that do not map strings to strings"),
        ({"source": {"node": ""}}, ".source has a node that is no name"),
        ({"protocol": "tcp"}, ".protocol 'tcp' is none"),
        ({"port": 65_536}, ".port 65536 is no port"),
        ({"port": True}, ".port True is no port"),
        ({"port": "http"}, ".port 'http' is a name, which only a Service's port has"),
        ({"protocol": "ICMP", "port": 80}, ".port is given, and the protocol has no ports"),
        ({"source_port": "x"}, ".source_port 'x' is no port"),
        ({"icmp": {"type": 8}}, ".icmp is given, and the protocol is neither ICMP nor ICMPv6"),
        ({"protocol": "ICMP", "icmp": {"type": 256}}, ".icmp is not a mapping of type and code"),
        ({"verdict": "allow"}, ".verdict is for expectations"),
        ({"colour": "red"}, " has the unknown field colour"),
    ],
)
def test_a_fault_is_named_with_its_place(fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parsed(**fields)
    assert f"connections[0]{fault}" in raised.value.message


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_connections([7, {"source": POD}], "expectations", "wanted")
    for fault in (
        "expectations[0] is no mapping",
        "[1].destination is missing",
        "[1].verdict is neither allow nor deny",
    ):
        assert fault in raised.value.message
