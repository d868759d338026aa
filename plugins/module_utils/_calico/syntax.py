# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a single value has to look like, by the names that the tables in fields.py use, and what is said where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from . import names
from .fault import shown
from .nets import has_host_bits, parse_address, parse_cidr, parse_net
from .ports import NamedPort, Port, parse_port
from .protocols import NUMBERS, protocol_number
from .selector import parse
from .selector_tokens import InvalidSelector

_LETTERS = "lower case letters, digits and -, with a letter or digit at both ends"


class Syntax(Enum):
    """A syntax; its value says what is wanted."""

    SUBDOMAIN = f"a name ({_LETTERS}; dots between such parts)"
    OBJECT_NAME = f"a name ({_LETTERS}; dots between such parts; at most 253 characters)"
    LABEL_NAME = f"a name without dots ({_LETTERS}; at most 63 characters)"
    GLOBAL_POLICY_NAME = f"the name of a policy ({_LETTERS}; at most one dot; at most 253 characters)"
    POLICY_NAME = (
        f"the name of a policy ({_LETTERS}; at most one dot, or any after knp.default.; at most 253 characters)"
    )
    LABEL_KEY = "the key of a label (letters, digits, -, _ and ., at most 63; before it a domain and / if need be)"
    LABEL_VALUE = "the value of a label (letters, digits, -, _ and ., at most 63, a letter or digit at both ends)"
    ANNOTATION_KEY = "the key of an annotation (as that of a label)"
    PORT_NAME = "the name of a port (lower case letters, digits and -, at least one letter, at most 15 characters)"
    INTERFACE = "the name of an interface (letters, digits, _, . and -, at most 15 characters) or *"
    ADDRESS = "an address such as 192.0.2.1 or 2001:db8::1"
    NET = "a network such as 192.0.2.0/24 or 2001:db8::/32, or an address"
    RULE_NET = "a network such as 192.0.2.0/24 or 2001:db8::/32"
    KUBERNETES_NET = "a network such as 192.0.2.0/24 or 2001:db8::/32, without host bits and leading zeros"
    SELECTOR = "a selector"
    PORT = 'a port: 1 to 65535, a range such as "8000:8100", or the name of a port'
    PROTOCOL = f"a protocol: {', '.join(NUMBERS)}, or 1 to 255"
    KUBERNETES_PORT = "a port: 1 to 65535, or the name of a port"


def complaint(syntax: Syntax, value: object) -> str | None:
    """What is wrong with the value, None where it has the syntax. Values that may only be strings are strings here."""
    if syntax is Syntax.SELECTOR:
        return _selector_complaint(str(value))
    if syntax is Syntax.RULE_NET and isinstance(value, str) and parse_net(value) is not None:
        return _rule_net_complaint(value)
    return None if _HOLDS[syntax](value) else f"{shown(value)} is not {syntax.value}"


def _selector_complaint(text: str) -> str | None:
    try:
        parse(text)
    except InvalidSelector as error:
        return error.message
    return None


def _rule_net_complaint(text: str) -> str | None:
    network = parse_net(text)
    if parse_cidr(text) is None:
        return f"{shown(text)} has no prefix length, which a rule's network must have: {network}"
    if has_host_bits(text):
        return f"{shown(text)} has bits set behind its prefix, which a rule's network must not have: {network}"
    return None


def _is_kubernetes_net(value: object) -> bool:
    """Kubernetes refuses what Go reads in its own way: leading zeros, and an IPv4 network written as an IPv6 one."""
    network = parse_cidr(value)
    return network is not None and str(value).endswith(f"/{network.prefixlen}") and not has_host_bits(str(value))


def _is_kubernetes_port(value: object) -> bool:
    """Of the strings that are ports to Calico only names are ports here."""
    return isinstance(parse_port(value), NamedPort if isinstance(value, str) else Port)


def _string(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and holds(value)


_HOLDS: Mapping[Syntax, Callable[[object], bool]] = {
    Syntax.SUBDOMAIN: _string(names.is_subdomain),
    Syntax.OBJECT_NAME: _string(names.is_object_name),
    Syntax.LABEL_NAME: _string(names.is_label_name),
    Syntax.GLOBAL_POLICY_NAME: _string(names.is_global_policy_name),
    Syntax.POLICY_NAME: _string(names.is_policy_name),
    Syntax.LABEL_KEY: _string(names.is_label_key),
    Syntax.LABEL_VALUE: _string(names.is_label_value),
    Syntax.ANNOTATION_KEY: _string(names.is_annotation_key),
    Syntax.PORT_NAME: _string(names.is_port_name),
    Syntax.INTERFACE: _string(names.is_interface),
    Syntax.ADDRESS: lambda value: parse_address(value) is not None,
    Syntax.NET: lambda value: parse_net(value) is not None,
    Syntax.RULE_NET: lambda value: parse_cidr(value) is not None,
    Syntax.KUBERNETES_NET: _is_kubernetes_net,
    Syntax.PORT: lambda value: parse_port(value) is not None,
    Syntax.PROTOCOL: lambda value: protocol_number(value) is not None,
    Syntax.KUBERNETES_PORT: _is_kubernetes_port,
}
