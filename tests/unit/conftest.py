# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties are checked on the same examples in every run; what a run of its own finds is for `make fuzz`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine is slow at times, and time is no property of the code here.
settings.register_profile(
    "same", deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")
