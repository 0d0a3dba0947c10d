# SPDX-License-Identifier: Apache-2.0
"""The one exception that a user of the lab sees.

Everything that can go wrong by a wrong world, a missing program or a taken
address is raised as LabError with a sentence that says what, where and how
to fix it; the command line prints it as one line and leaves with status 3.
"""


class LabError(Exception):
    """A clear sentence for the person who runs the lab."""
