# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test netguard.calico.allowed_by."""

from __future__ import annotations

DOCUMENTATION = r"""
name: allowed_by
short_description: Whether the policies among some objects allow a connection
version_added: 0.1.0
description:
  - True where every pair of endpoints that the connection means is allowed, false where one is denied. A verdict that is not
    known is an error with its reasons, since neither true nor false would be.
author: the netguard.calico contributors (@netguard)
positional: resources
options:
  _input:
    description:
      - A connection, as an entry of O(netguard.calico.policy_verdict_info#module:connections).
    type: dict
    required: true
  resources:
    description:
      - The objects that stand for the cluster, as O(netguard.calico.policy_verdict_info#module:resources).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Nobody in dev reaches the vault
  ansible.builtin.assert:
    that: "connection is not netguard.calico.allowed_by(resources)"
  vars:
    connection: {source: {namespace: dev}, destination: {labels: {area: dummy}}, port: 8200}
"""

RETURN = r"""
_value:
  description: Whether it is allowed.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._report.offline_verdicts import verdicts


def _allowed_by(connection: Any, resources: Any) -> bool:
    try:
        answers = verdicts(resources, [connection], "ignore")
    except NetguardError as error:
        raise AnsibleFilterError(error.message) from error
    outcomes = {answer["verdict"] for answer in answers}
    if "deny" not in outcomes and "unknown" in outcomes:
        raise AnsibleFilterError("; ".join(answer["text"] for answer in answers if answer["verdict"] == "unknown"))
    return outcomes == {"allow"}


class TestModule:
    """The tests of this file."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Names and functions, as Ansible asks for them."""
        return {"allowed_by": _allowed_by}
