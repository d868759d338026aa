# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks, read as Go's net.ParseIP and net.ParseCIDR read them, by which Calico does.

Rules: libcalico-go/lib/net of Calico. Octets have no leading zeros, zones are refused, host bits may be set, and an IPv4
address that is written as an IPv6 one (``::ffff:10.0.0.1``) is an IPv4 address.
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"

# The longest spelling of an address, with room to spare; nothing longer is worth a parser's time.
_LONGEST = 64
_PREFIX_LENGTH = re.compile(r"0*([0-9]{1,3})")
_MAPPED_BITS = 96


def parse_address(value: object) -> Address | None:
    """The address that ``value`` spells, None where it is no string or spells none."""
    address = _spelled(value)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_net(value: object) -> Network | None:
    """The network that ``value`` spells, without its host bits; a bare address is a network of one address."""
    if isinstance(value, str) and "/" not in value:
        address = parse_address(value)
        return None if address is None else ipaddress.ip_network(address)
    return parse_cidr(value)


def parse_cidr(value: object) -> Network | None:
    """The same for a network that must have a prefix length, as those in rules must."""
    text, slash, length = value.partition("/") if isinstance(value, str) else ("", "", "")
    address, digits = _spelled(text), _PREFIX_LENGTH.fullmatch(length)
    if not slash or address is None or digits is None or int(digits[1]) > address.max_prefixlen:
        return None
    network = ipaddress.ip_network((address, int(digits[1])), strict=False)
    return _unmapped(network) if isinstance(network, IPv6Network) else network


def has_host_bits(value: str) -> bool:
    """Whether a network that ``parse_cidr`` reads has an address that is not its first one."""
    network = parse_cidr(value)
    return network is not None and parse_address(value.partition("/")[0]) != network.network_address


def _spelled(value: object) -> Address | None:
    if not isinstance(value, str) or len(value) > _LONGEST or "%" in value or "/" in value:
        return None
    try:
        return IPv6Address(value) if ":" in value else IPv4Address(value)
    except ValueError:
        return None


def _unmapped(network: IPv6Network) -> Network:
    mapped = network.network_address.ipv4_mapped
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
