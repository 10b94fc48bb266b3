"""How two revisions of the scheduler compare where either may be unknown (docs/decisions/0007)."""

#: The scheduler's `sequence`. None: it sent none, or nothing is known yet.
Revision = int | None


def replaces(revision: Revision, stored: Revision) -> bool:
    """Whether an act of this revision replaces what the stored one left; without a revision the last write wins."""
    return revision is None or stored is None or revision > stored


def is_below(revision: Revision, other: Revision) -> bool:
    """Whether both are known and the first is the lower one."""
    return revision is not None and other is not None and revision < other


def highest(*revisions: Revision) -> Revision:
    """The highest of those that are known."""
    return max((revision for revision in revisions if revision is not None), default=None)
