# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks as Go reads them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.nets import (
    has_host_bits,
    parse_address,
    parse_cidr,
    parse_net,
)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("192.0.2.1/32", "192.0.2.1/32"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::/0", "::/0"),
        ("::1.2.3.4/128", "::102:304/128"),
        # Go's net.ParseCIDR takes leading zeros in the prefix length, and only there.
        ("10.0.0.0/008", "10.0.0.0/8"),
        # An IPv4 network that is written as an IPv6 one is an IPv4 network.
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.0/64", "::/64"),
    ],
)
def test_networks(text: str, network: str) -> None:
    assert parse_cidr(text) == parse_net(text) == ip_network(network)


@pytest.mark.parametrize(("text", "network"), [("192.0.2.1", "192.0.2.1/32"), ("fd00::1", "fd00::1/128")])
def test_a_bare_address_is_a_network_of_one_but_no_cidr(text: str, network: str) -> None:
    assert parse_net(text) == ip_network(network)
    assert parse_cidr(text) is None


@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.0/33",
        "fd00::/129",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/٨",
        "010.0.0.0/8",
        "10.0.0/8",
        "10.0.0.256/8",
        " 10.0.0.0/8",
        "10.0.0.0/8\n",
        "fe80::1%eth0/64",
        "1::2::3/64",
        "12345::/64",
        "1:2:3:4:5:6:7:8::/64",
        "::ffff:1.2.3.04/128",
        "0" * 10_000,
        "1/" + "0" * 10_000,
        "web",
        "/8",
        "",
        None,
        True,
        10,
        ["10.0.0.0/8"],
    ],
)
def test_what_is_no_network(value: object) -> None:
    assert parse_net(value) is None
    assert parse_cidr(value) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [("192.0.2.1", "192.0.2.1"), ("fd00::0001", "fd00::1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0")],
)
def test_addresses(text: str, address: str) -> None:
    assert parse_address(text) == ip_address(address)


@pytest.mark.parametrize(
    "value", ["192.0.2.01", "192.0.2.1/32", "fe80::1%1", "1.2.3", "", "web", None, 1, b"\x01\x02\x03\x04"]
)
def test_what_is_no_address(value: object) -> None:
    assert parse_address(value) is None


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("10.0.0.0/8", False),
        ("10.0.0.1/8", True),
        ("192.0.2.1/32", False),
        ("fd00::/8", False),
        ("fd00::1/8", True),
        ("::ffff:10.0.0.0/104", False),
        ("::ffff:10.0.0.1/104", True),
        ("no network", False),
    ],
)
def test_host_bits(text: str, has: bool) -> None:
    assert has_host_bits(text) is has
