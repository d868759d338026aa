# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports and protocols of rules."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.ports import NamedPort, Port, parse_port
from ansible_collections.netguard.calico.plugins.module_utils._calico.protocols import NUMBERS, protocol_number


@pytest.mark.parametrize(
    ("value", "port"),
    [
        (1, Port(1, 1)),
        (65535, Port(65535, 65535)),
        ("80", Port(80, 80)),
        ("0080", Port(80, 80)),
        ("8000:8100", Port(8000, 8100)),
        ("80:80", Port(80, 80)),
        ("1:65535", Port(1, 65535)),
        ("http", NamedPort("http")),
        ("dns-tcp2", NamedPort("dns-tcp2")),
        ("8a", NamedPort("8a")),
    ],
)
def test_ports(value: object, port: Port | NamedPort) -> None:
    assert parse_port(value) == port


@pytest.mark.parametrize(
    "value",
    [
        0, -1, 65536, 10**30, 80.0, 80.5, float("nan"), True, None, [80], {"port": 80},
        "0", "0:80", "65536", "80:65536", "8100:8000", "-1", "+80", " 80", "80\n", "8 0", "80:", ":80", "1:2:3", "80-90", "8_0",
        "٨٠", "", "HTTP", "a_b", "-a", "a-", "a--b", "1-2", "a" * 16, "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_port(value: object) -> None:
    assert parse_port(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [*NUMBERS.items(), (1, 1), (255, 255), ("6", 6), ("006", 6), ("255", 255)],
)
def test_protocols(value: object, number: int) -> None:
    assert protocol_number(value) == number


def test_numbers_of_the_names() -> None:
    assert dict(NUMBERS) == {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}


@pytest.mark.parametrize(
    "value",
    [0, -1, 256, 6.0, True, None, "0", "256", "tcp", "Tcp", "any", "", " TCP", "+6", "6\n", "٦", [], {}, "9" * 5000],
)
def test_what_is_no_protocol(value: object) -> None:
    assert protocol_number(value) is None
