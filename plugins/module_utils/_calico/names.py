# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which strings are names and labels to Kubernetes and Calico.

Rules: k8s.io/apimachinery/pkg/util/validation, and libcalico-go/lib/validator/v3 of Calico.
"""

from __future__ import annotations

import re

SUBDOMAIN_LENGTH = 253
LABEL_LENGTH = 63
_PORT_NAME_LENGTH = 15

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_IS_LABEL = re.compile(_LABEL)
_IS_SUBDOMAIN = re.compile(_SUBDOMAIN)
_IS_POLICY = re.compile(rf"{_LABEL}(?:\.{_LABEL})?")
_IS_CONVERTED_POLICY = re.compile(rf"(?:knp|ossg)\.default\.{_SUBDOMAIN}")
_IS_KEY = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_IS_PORT = re.compile(r"[a-z0-9](?:-?[a-z0-9])*")
_NO_LETTER = re.compile(r"[-0-9]+")
_IS_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")


def is_label_name(text: str) -> bool:
    """Whether it is a name without dots, such as a Namespace's or a Tier's."""
    return len(text) <= LABEL_LENGTH and _IS_LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """Whether it is a name that may have dots, of any length, which is what Calico asks of the names that fields hold."""
    return _IS_SUBDOMAIN.fullmatch(text) is not None


def is_object_name(text: str) -> bool:
    """Whether it is the name of an object of most kinds."""
    return len(text) <= SUBDOMAIN_LENGTH and is_subdomain(text)


def is_global_policy_name(text: str) -> bool:
    """Whether it is the name of a GlobalNetworkPolicy, which has one dot at most."""
    return len(text) <= SUBDOMAIN_LENGTH and _IS_POLICY.fullmatch(text) is not None


def is_policy_name(text: str) -> bool:
    """Whether it is the name of a NetworkPolicy; those that Calico makes from others' policies have more dots."""
    return is_global_policy_name(text) or (
        len(text) <= SUBDOMAIN_LENGTH and _IS_CONVERTED_POLICY.fullmatch(text) is not None
    )


def is_label_key(text: str) -> bool:
    """Whether it is the key of a label: a name of 63 characters at most, after an optional prefix and a slash."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_object_name(prefix)) and len(name) <= LABEL_LENGTH and _IS_KEY.fullmatch(name) is not None


def is_annotation_key(text: str) -> bool:
    """Whether it is the key of an annotation: the same, in any case."""
    return is_label_key(text.lower())


def is_label_value(text: str) -> bool:
    """Whether it is the value of a label, which may be empty."""
    return not text or (len(text) <= LABEL_LENGTH and _IS_KEY.fullmatch(text) is not None)


def is_port_name(text: str) -> bool:
    """Whether it is the name of a port, which has at least one letter and no two dashes in a row."""
    return len(text) <= _PORT_NAME_LENGTH and _IS_PORT.fullmatch(text) is not None and not _NO_LETTER.fullmatch(text)


def is_interface(text: str) -> bool:
    """Whether it is the name of a network interface, or ``*`` for all of them."""
    return text == "*" or _IS_INTERFACE.fullmatch(text) is not None
