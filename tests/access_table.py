"""The table of docs/rules.md that says who may do what, and what each of its cells means."""

from enum import Enum
from pathlib import Path

import server

RULES = (Path(server.__file__).parent / "docs" / "rules.md").read_text()


class Verdict(Enum):
    DONE = "it is done, or shown"
    UNKNOWN = "null, an empty page or NOT_FOUND, as for what never was"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHENTICATED = "UNAUTHENTICATED"


DONE, UNKNOWN, FORBIDDEN, UNAUTHENTICATED = Verdict

Cell = tuple[Verdict, Verdict]

#: What a cell of the table means, in scope and out of it.
CELLS: dict[str, Cell] = {
    "yes": (DONE, UNKNOWN),
    "all": (DONE, UNKNOWN),
    "theirs": (DONE, UNKNOWN),
    "its own": (DONE, UNKNOWN),
    "own form": (DONE, UNKNOWN),
    "own interviews": (DONE, UNKNOWN),
    "no": (FORBIDDEN, FORBIDDEN),
    "sees its own keys": (FORBIDDEN, FORBIDDEN),
    "cancels as the scheduler, never restores": (DONE, UNKNOWN),
    "only those they interview, through the interview": (UNKNOWN, UNKNOWN),
    "after their own is in, if they have one": (DONE, UNKNOWN),
    "theirs, after their own is in": (DONE, UNKNOWN),
    "own panel, after their own is in": (DONE, UNKNOWN),
    "never, only `status`": (UNKNOWN, UNKNOWN),
    "": (UNAUTHENTICATED, UNAUTHENTICATED),
}

#: Cells whose outside is the rest of the account, not another account.
SCOPED = {
    "theirs",
    "own interviews",
    "only those they interview, through the interview",
    "theirs, after their own is in",
    "own panel, after their own is in",
}

#: Looking something up is no operation of its own: who may not see it finds nothing.
LOOKED_UP = {"no": (UNKNOWN, UNKNOWN)}

SEEN_BY_THE_KEY = {"sees its own keys": (DONE, UNKNOWN)}

#: The columns of the table by who stands for them here. Nobody has no column: every cell of theirs is empty.
PEOPLE = {
    "sam": "Super Admin",
    "ada": "Admin",
    "rita": "Team Member",
    "leo": "Limited Team Member",
    "ivo": "Interviewer",
    "goodtime": "integration key",
    "nobody": "",
}


def _table() -> dict[str, dict[str, str]]:
    """The table: what each operation's row says under each column."""
    section = RULES.partition("## People")[2].partition("\n##")[0]
    header, _, *rows = (line for line in section.splitlines() if line.startswith("|"))
    columns, *cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (header, *rows)]
    return {row[0]: dict(zip(columns[1:], row[1:], strict=True)) for row in cells}


TABLE = _table()
