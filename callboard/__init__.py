"""Callboard as it is installed: this one package, and the command `callboard`.

The modules import one another by their names in the repository (`settings`, `schema`, …), which other software has too.
A wheel therefore puts them into a folder of this package, and only the command's own process imports from there.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
_INSTALLED = _HERE / "_rooms"


def main() -> None:
    """Run the command line; from here on this process, and those it spawns, import Callboard's modules first."""
    sys.path.insert(0, str(_INSTALLED if _INSTALLED.is_dir() else _HERE.parent))
    from server import main as run

    run()
