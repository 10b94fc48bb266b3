"""A panel with all its parts, locked until the commit: how every act on a panel is prepared and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import models
from auth.viewer import Viewer
from models import (
    AuditAct,
    Cancellation,
    CancelOrigin,
    FeedbackForm,
    FeedbackFormStatus,
    Interview,
    Interviewer,
    Panel,
)
from models import InterviewPanelChangeKind as Kind
from resolvers import feedback
from resolvers.access import unscoped
from resolvers.commits import Commit
from resolvers.panels import SEATS
from resolvers.queries import parts


@dataclass
class Held:
    """A panel with all its parts, locked until the commit. Whoever changed something calls `write` once, at the end."""

    panel: Panel
    #: By the scheduler's id.
    interviews: dict[str, Interview] = field(default_factory=dict)
    #: By interview, then by user, in the scheduler's order.
    seats: dict[str, dict[str, Interviewer]] = field(default_factory=dict)
    #: By interview and user.
    forms: dict[tuple[str, str], FeedbackForm] = field(default_factory=dict)
    templates: dict[str, models.FeedbackTemplate] = field(default_factory=dict)
    touched: dict[str, Interview | Interviewer] = field(default_factory=dict)
    gone: list[Interviewer] = field(default_factory=list)

    @property
    def live(self) -> list[Interview]:
        """The interviews that were not called off one by one."""
        return [interview for interview in self.interviews.values() if interview.canceled_at is None]

    @property
    def everybody(self) -> list[Interviewer]:
        """All the seats."""
        return [seat for seats in self.seats.values() for seat in seats.values()]

    def call_off(self, commit: Commit, interview: Interview, cancellation: Cancellation | None) -> None:
        """Cancel one interview, or with None let it take place again."""
        interview.call_off(cancellation)
        self.touched[interview.id] = interview
        act = AuditAct.INTERVIEW_CANCELED if cancellation else AuditAct.INTERVIEW_RESTORED
        commit.audit(act, interview.id, panel=self.panel.id)

    async def write(self, commit: Commit, kind: Kind | None) -> None:
        """Derive what follows from the parts, keep what was touched, and record the change, if it is one.

        Of a tombstone nothing is recorded: nobody sees it.
        """
        panel, seats = self.panel, self.everybody
        takes_place = {interview.id for interview in self.live} if panel.canceled_at is None else set()
        before = {seat.id: seat.form_id for seat in seats}
        await self._load_templates()
        forms = feedback.settled(
            ((seat, seat.interview_id in takes_place) for seat in seats), self.forms, self.templates, panel
        )
        self.forms |= {(form.interview_id, form.user_id): form for form in forms}
        self.touched |= {seat.id: seat for seat in seats if before[seat.id] != seat.form_id}
        panel.starts_at = min((interview.starts_at for interview in self.live), default=None)
        panel.ends_at = max((interview.ends_at for interview in self.live), default=None)
        panel.listed_at = panel.starts_at or panel.listed_at
        panel.feedback_due = sum(seat.interview_id in takes_place and self._is_due(seat) for seat in seats)
        if kind is not None and shown(panel) is not None:
            commit.record(panel, kind)
        commit.keep(panel, *self.touched.values(), *forms)
        if self.gone:
            left = unscoped(Interviewer, "the seats of a locked panel")
            await left.filter(id__in=[seat.id for seat in self.gone]).delete()

    def answer_for_parts(self, users: Mapping[str, models.User]) -> None:
        """Let the panel be shown with its parts as they are here: nothing of them is read again."""
        self.panel.parts = sorted(self.interviews.values(), key=lambda interview: (interview.starts_at, interview.id))
        for interview in self.panel.parts:
            interview.__dict__["_panel"] = self.panel
            interview.seats = list(self.seats.get(interview.id, {}).values())
            for seat in interview.seats:
                seat.__dict__["_form"] = self._form(seat) if seat.form_id is not None else None
                if seat.user_id in users:
                    seat.__dict__["_user"] = users[seat.user_id]

    def _is_due(self, seat: Interviewer) -> bool:
        form = self._form(seat)
        return seat.feedback_required and form is not None and form.status is FeedbackFormStatus.PENDING

    def _form(self, seat: Interviewer) -> FeedbackForm | None:
        return self.forms.get((seat.interview_id, seat.user_id))

    async def _load_templates(self) -> None:
        """The templates of forms to be made or remade that the act has not looked up itself."""
        made_with = {seat.id: form.template_id if (form := self._form(seat)) else None for seat in self.everybody}
        needed = {seat.template_id for seat in self.everybody if seat.template_id not in (None, made_with[seat.id])}
        if missing := needed - self.templates.keys():
            templates = unscoped(models.FeedbackTemplate, "the templates of a locked panel's seats")
            self.templates |= {template.id: template for template in await templates.filter(id__in=missing)}


async def held(panel: Panel) -> Held:
    """A locked panel with its parts. Two statements."""
    why = "the parts of a locked panel"
    found = await parts(Interview, why, SEATS, panel_id=panel.id)
    forms = await parts(FeedbackForm, why, panel_id=panel.id)
    seats: dict[str, dict[str, Interviewer]] = {}
    everybody = (seat for _, seat in found if seat is not None)
    for seat in sorted(everybody, key=lambda seat: (seat.position, seat.id)):
        seats.setdefault(seat.interview_id, {})[seat.user_id] = seat
    return Held(
        panel,
        {interview.external_id: interview for interview, _ in found},
        seats,
        {(form.interview_id, form.user_id): form for (form,) in forms},
    )


def stand(whole: Held, commit: Commit, reason: str | None = None) -> Kind | None:
    """Let the panel stand or fall as its revisions say, after an act of the scheduler; tells what that changed.

    It is deleted while the highest deletion is not below the highest push, or when none of its interviews is left.
    What a user cancelled stays cancelled: a queued retry must not undo a person's decision. Where all that is left are
    interviews that users cancelled one by one, the panel is off as they are, until there is another one.
    """
    stood = _stood(whole, commit, reason)
    if stood is not None:
        act = AuditAct.PANEL_CANCELED if stood is Kind.CANCELED else AuditAct.PANEL_RESTORED
        commit.audit(act, whole.panel.id, origin=(whole.panel.canceled_origin or CancelOrigin.SCHEDULER).value)
    return stood


def _stood(whole: Held, commit: Commit, reason: str | None) -> Kind | None:
    panel = whole.panel
    is_deleted = panel.deleted_sequence is not None and not below(panel.deleted_sequence, panel.pushed_sequence)
    by_users = [it for it in whole.interviews.values() if it.canceled_origin is CancelOrigin.ATS]
    if is_deleted or not (whole.live or by_users):
        if deleted(panel):
            return None
        panel.call_off(Cancellation(commit.at, commit.actor_id, CancelOrigin.SCHEDULER, reason))
        return Kind.CANCELED
    if not whole.live and panel.canceled_origin is not CancelOrigin.ATS:
        # What users cancelled is still in people's calendars.
        panel.call_off(Cancellation(commit.at, commit.actor_id, CancelOrigin.ATS, None))
        return Kind.CANCELED
    if deleted(panel) or (whole.live and panel.emptied):
        panel.call_off(None)
        return Kind.RESTORED
    return None


def new_panel(viewer: Viewer, external_id: str) -> Panel:
    """A panel of the integration that nothing is known of but its id."""
    assert viewer.integration, "only the integration makes panels"
    return Panel(
        account_id=viewer.account_id,
        integration_id=viewer.integration.id,
        external_id=external_id,
        created_by_id=viewer.actor_id,
    )


async def locked_by_external_id(viewer: Viewer, external_id: str) -> Panel | None:
    """The integration's own panel, a tombstone too, locked until the commit."""
    assert viewer.integration, "only the integration knows panels by its own ids"
    why = "the integration's own panels, with the tombstones that nobody sees"
    named = {"integration_id": viewer.integration.id, "external_id": external_id}
    found = await parts(Panel, why, lock=True, **named)
    return found[0][0] if found else None


def shown(panel: Panel) -> Panel | None:
    """The panel as an answer has it: a tombstone is seen by nobody."""
    return panel if panel.candidate_id is not None else None


def deleted(row: Panel | Interview) -> bool:
    """Whether the scheduler has called it off: it is gone where it was made."""
    return row.canceled_origin is CancelOrigin.SCHEDULER


def newer(revision: int | None, than: int | None) -> bool:
    """Whether a push of this revision replaces what that one left; without a revision the last write wins."""
    return revision is None or than is None or revision > than


def below(revision: int | None, other: int | None) -> bool:
    """Whether both are known and the first is the lower one."""
    return revision is not None and other is not None and revision < other


def highest(*revisions: int | None) -> int | None:
    """The highest of those that are known."""
    return max((revision for revision in revisions if revision is not None), default=None)
