# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_module/arguments.py POLICIES."""

from __future__ import annotations


class ModuleDocFragment:
    """Which policies make the baseline."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the baseline, the value of the label C(netguard.calico/baseline) on its policies.
    type: str
    default: default
  policies:
    description:
      - The policies as manifests of GlobalNetworkPolicy (C(projectcalico.org/v3)), spelled as Calico spells them.
      - Write ranges of ports in quotes; an unquoted C(22:23) is the number 1343 to Ansible's YAML.
      - Without this, O(src) and O(default_policies), the baseline is the collection's four default policies.
    type: list
    elements: dict
  src:
    description:
      - YAML file with such manifests, read where the task runs. Faults are reported with their lines, and a key that a mapping
        has twice is one.
    type: path
  default_policies:
    description:
      - What a site fills in in the four default policies.
    type: dict
    suboptions:
      egress_deny_selector:
        description:
          - Selector of the endpoints and network sets that must not be reached; C(area == 'dummy') if not given.
        type: str
      privileged_namespace_label:
        description:
          - Key of the label of namespaces that are left alone; C(privileged-namespace) if not given.
        type: str
      egress_allow_nets:
        description:
          - Networks that stay reachable for the namespaces of O(default_policies.egress_allow_namespace_selector);
            C(127.0.0.1/32) if not given.
        type: list
        elements: str
      egress_allow_namespace_selector:
        description:
          - Selector over labels of namespaces; C(name == "dummy") if not given.
        type: str
"""
