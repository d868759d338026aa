# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_module/arguments.py SELECTION."""

from __future__ import annotations


class ModuleDocFragment:
    """Which Services are meant."""

    DOCUMENTATION = r"""
options:
  namespaces:
    description:
      - Namespaces of the Services, as names or globs. V(*) means the whole cluster, which nothing else does.
    type: list
    elements: str
  exclude_namespaces:
    description:
      - Namespaces, as names or globs, whose Services are left alone.
    type: list
    elements: str
  names:
    description:
      - Services as C(NAME) or C(NAMESPACE/NAME).
    type: list
    elements: str
  label_selector:
    description:
      - Kubernetes label selector of the Services.
    type: str
  types:
    description:
      - Types of Services. Without it all that can have the field.
    type: list
    elements: str
    choices: [ClusterIP, NodePort, LoadBalancer]
"""
