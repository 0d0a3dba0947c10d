# SPDX-License-Identifier: Apache-2.0
"""Folders for servers that give up root: Postfix and Exim.

They lie in DIR or, where another user cannot reach that, in a temporary
folder that DIR/run/NAME.home names.
"""
from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path


def is_mapped(name: str, number: int) -> bool:
    """In a user namespace a user may exist by name and not by number."""
    try:
        rows = Path(f"/proc/self/{name}").read_text().splitlines()
    except OSError:
        return True
    for row in rows:
        first, _, count = (int(word) for word in row.split())
        if first <= number < first + count:
            return True
    return False


def _is_reachable(path: Path) -> bool:
    """True when everybody may pass through every folder down to a path."""
    return all(above.stat().st_mode & stat.S_IXOTH
               for above in [path, *path.parents])


def make(folder: Path, name: str) -> Path:
    """The folder of a server, where its own user can open files."""
    home = folder / name
    if not _is_reachable(folder):
        home = Path(tempfile.mkdtemp(prefix=f"mxlab-{name}-"))
        home.chmod(0o755)
    home.mkdir(exist_ok=True)
    (folder / "run" / f"{name}.home").write_text(str(home))
    return home


def remove(folder: Path, name: str) -> None:
    """Leave nothing behind outside DIR."""
    try:
        home = Path((folder / "run" / f"{name}.home").read_text())
    except OSError:
        return
    if home.name.startswith(f"mxlab-{name}-"):
        shutil.rmtree(home, ignore_errors=True)
