# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what becomes of modules that write when their job is cancelled, and of what long runs show."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes and notes; nothing of it is an option."""

    DOCUMENTATION = r"""
attributes:
  action:
    description: Has an action plugin of the same name, which watches over the module and shows how far it is.
    support: full
  async:
    description: Can be run with C(async), and then goes on without C(ansible-playbook).
    support: full
notes:
  - When the job is cancelled, or C(ansible-playbook) or its worker ends for any reason, the module finishes the write that is
    under way and begins no other one. It ends in less than 2 seconds, also where the API server does not answer. What was
    written stays; a second run goes on from there.
  - A module that gets SIGTERM or SIGINT itself does the same. Where somebody still hears it, it fails with the code
    C(cancelled), or C(outcome_unknown) where the answer to a write did not come, and says what was written.
  - This needs a module that runs on the controller (connection plugin C(local), as with C(delegate_to=localhost)). On another
    host it learns of nothing but signals, and may go on to its end. A task with C(async) is meant to go on without
    C(ansible-playbook), and does.
  - From the tenth second on, a line each 5 seconds shows how far the module is; on another host, with C(become) to an
    unprivileged user, or with C(no_log), only how long it has run.
"""
