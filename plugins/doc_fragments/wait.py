# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_module/arguments.py WAIT."""

from __future__ import annotations


class ModuleDocFragment:
    """Whether to wait for Calico's API."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Wait until C(projectcalico.org/v3) is served. Where only Calico's v1 CRDs are there, it waits some seconds; then modules
        that only read go on with those, with a warning, and others fail.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait at most.
    type: int
    default: 300
"""
