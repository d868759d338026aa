# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter netguard.calico.typed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: typed
short_description: Read a variable as what it is meant to be, also where it is a string
version_added: 0.1.0
description:
  - Surveys and C(-e) give strings. This reads a string of YAML or JSON as the mapping or list that it stands for, and
    refuses what is not of the wanted kind with an error that names the variable and not its content.
author: the netguard.calico contributors (@netguard)
positional: kind, variable
options:
  _input:
    description:
      - The value.
    type: raw
    required: true
  kind:
    description:
      - What the value is to be. V(strings) is a list of them, which may also be given with commas or line breaks between.
      - For V(strings), a string that is a whole list of YAML is that list, so V([a-c]) is V(a-c). One that goes on behind a
        bracket, such as V([a-c]-*), is globs.
    type: str
    choices: [dict, list, strings, bool, int]
    required: true
  variable:
    description:
      - Name of the variable, for the error.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: A list from a survey
  ansible.builtin.debug:
    msg: "{{ 'shop-*, desk' | netguard.calico.typed('strings', 'namespaces') }}"
"""

RETURN = r"""
_value:
  description: The value as wanted.
  type: raw
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._module.variables import typed


def _typed(value: Any, kind: str, variable: str) -> Any:
    try:
        return typed(value, kind, variable)
    except NetguardError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions, as Ansible asks for them."""
        return {"typed": _typed}
