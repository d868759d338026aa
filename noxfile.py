# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import antsibull_nox

antsibull_nox.load_antsibull_nox_toml()
