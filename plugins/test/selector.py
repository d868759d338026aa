# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test netguard.calico.selector."""

from __future__ import annotations

DOCUMENTATION = r"""
name: selector
short_description: Whether a text is a selector that Calico can read, and labels match it
version_added: 0.1.0
description:
  - Without O(labels) it is true where the text is a selector. With them it is true where the selector matches these labels.
author: the netguard.calico contributors (@netguard)
positional: labels
options:
  _input:
    description:
      - The text.
    type: str
    required: true
  labels:
    description:
      - Labels to match. A text that is no selector is an error then.
    type: dict
"""

EXAMPLES = r"""
- name: Refuse a selector that Calico would ignore
  ansible.builtin.assert:
    that: "my_selector is netguard.calico.selector"

- name: See whether it means the web servers
  ansible.builtin.debug:
    msg: It does
  when: "my_selector is netguard.calico.selector({'app': 'web'})"
"""

RETURN = r"""
_value:
  description: Whether it is, or matches.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.netguard.calico.plugins.module_utils._calico.selector import parse
from ansible_collections.netguard.calico.plugins.module_utils._calico.selector_tokens import InvalidSelector


def _selector(text: Any, labels: Any = None) -> bool:
    if not isinstance(text, str):
        raise AnsibleFilterError("netguard.calico.selector is about a string")
    try:
        # Ansible marks strings with where they came from; the parser keeps what it read.
        found = parse(str(text))
    except InvalidSelector as error:
        if labels is None:
            return False
        raise AnsibleFilterError(error.message) from error
    if labels is None:
        return True
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
        raise AnsibleFilterError("netguard.calico.selector wants labels that map strings to strings")
    return bool(found.matches(labels))


class TestModule:
    """The tests of this file."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Names and functions, as Ansible asks for them."""
        return {"selector": _selector}
