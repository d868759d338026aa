# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter netguard.calico.verdict."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verdict
short_description: Say what policy does with connections, on manifests alone
version_added: 0.1.0
description:
  - The same answers as RV(netguard.calico.policy_verdict_info#module:verdicts), for objects that a playbook has already.
author: the netguard.calico contributors (@netguard)
positional: connections
options:
  _input:
    description:
      - The objects that stand for the cluster, as O(netguard.calico.policy_verdict_info#module:resources).
    type: list
    elements: dict
    required: true
  connections:
    description:
      - The connections that are asked about, as O(netguard.calico.policy_verdict_info#module:connections).
    type: list
    elements: dict
    required: true
  staged:
    description:
      - Whether staged policies count.
    type: str
    choices: [ignore, enforce]
    default: ignore
"""

EXAMPLES = r"""
- name: Stop where the shop would not reach its database
  ansible.builtin.assert:
    that: resources | netguard.calico.verdict([connection]) | map(attribute='verdict') | unique == ['allow']
"""

RETURN = r"""
_value:
  description: The answers, as RV(netguard.calico.policy_verdict_info#module:verdicts).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._report.offline_verdicts import verdicts


def _verdict(resources: Any, connections: Any, staged: str = "ignore") -> list[dict[str, Any]]:
    try:
        return verdicts(resources, connections, staged)
    except NetguardError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions, as Ansible asks for them."""
        return {"verdict": _verdict}
