# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes Services and the source addresses that policy sees, standard library only."""
