# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nox finds the sessions of antsibull-nox; `antsibull-nox.toml` says which."""

from __future__ import annotations

import antsibull_nox

antsibull_nox.load_antsibull_nox_toml()
