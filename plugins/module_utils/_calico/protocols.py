# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protocols, by name or number. Rules: api/pkg/lib/numorstring of Calico."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

# Names as Calico spells them; other cases are no names.
NUMBERS: Mapping[str, int] = MappingProxyType(
    {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}
)
WITH_PORTS = frozenset({NUMBERS["TCP"], NUMBERS["UDP"], NUMBERS["SCTP"]})
OF_ICMP = frozenset({NUMBERS["ICMP"], NUMBERS["ICMPv6"]})

_DIGITS = re.compile(r"0*([0-9]{1,3})")
_LAST = 255


def protocol_number(value: object) -> int | None:
    """The number of the protocol that a rule's ``protocol`` names: a name, or 1 to 255 as number or string; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 1 <= value <= _LAST else None
    if not isinstance(value, str):
        return None
    digits = _DIGITS.fullmatch(value)
    return NUMBERS.get(value) if digits is None else protocol_number(int(digits[1]))
