"""How two revisions of the scheduler compare where either may be unknown, and who has called a panel off by them.

Rules: docs/decisions/0007.
"""

from collections.abc import Collection

from models import CancelOrigin, Panel

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


def cancel_origin(
    panel: Panel, pushed: Revision, interview_origins: Collection[CancelOrigin | None]
) -> CancelOrigin | None:
    """Who has called the panel off, once `pushed` is the highest push and its interviews are cancelled like this.

    The scheduler has, while its highest deletion is not below the highest push, or when none of the interviews is left.
    What a user cancelled stays cancelled: a queued retry must not undo a person's decision. Where all that is left are
    interviews that users cancelled one by one, the panel is off as they are, until there is another one.
    """
    is_live, is_deleted = None in interview_origins, panel.deleted_sequence is not None
    if is_deleted and not is_below(panel.deleted_sequence, pushed):
        return CancelOrigin.SCHEDULER
    if not is_live:
        # What users cancelled is still in people's calendars.
        return CancelOrigin.ATS if CancelOrigin.ATS in interview_origins else CancelOrigin.SCHEDULER
    return CancelOrigin.ATS if panel.canceled_origin is CancelOrigin.ATS and not panel.is_emptied else None
