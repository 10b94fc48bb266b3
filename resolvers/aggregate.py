"""A panel with all its parts: locked, loaded, changed in memory, and saved at once (docs/decisions/0014).

Every act on a panel goes this way, so what follows from the parts (times, forms, counts, the log) is derived in one
place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

import models
from auth.viewer import Viewer
from database import Join, attach, attached_rows
from models import (
    AuditAct,
    Cancellation,
    CancelOrigin,
    FeedbackForm,
    FeedbackFormStatus,
    Interview,
    Interviewer,
    Panel,
    ResponseStatus,
)
from models import InterviewPanelChangeKind as ChangeKind
from resolvers import feedback
from resolvers.access import unscoped
from resolvers.invite_revisions import InviteFacts, invite_facts, revise_invite
from resolvers.panels import SEATS
from resolvers.queries import select_for_update, select_unscoped
from resolvers.questions import current_version
from resolvers.revisions import cancel_origin
from resolvers.sight import PanelState, SeatChanges, form_change
from resolvers.units import UnitOfWork
from resolvers.validation import text_bytes

#: What a row of a panel counts beside its texts.
ROW_BYTES = 100
_TEXTS = ("external_id", "scheduler_uid", "subject", "note", "location", "meeting_url", "canceled_reason")

#: Who sits on an interview, and whom it is about, read along with it.
_PEOPLE = (
    Join.target("user", models.User, of=SEATS.alias),
    Join.target("panel", Panel),
    Join.target("candidate", models.Candidate, of="panel"),
    Join(
        "candidacy",
        models.CandidateEmail,
        '"candidacy".candidate_id = "panel".candidate_id AND "candidacy".email = "user".email',
        of="user",
    ),
)


@dataclass
class PanelAggregate:
    """A panel with its interviews, seats and forms. Whoever changes something calls `save` once, at the end."""

    panel: Panel
    #: By the scheduler's id.
    interviews: dict[str, Interview] = field(default_factory=dict)
    #: By interview, then by user, in the scheduler's order.
    seats: dict[str, dict[str, Interviewer]] = field(default_factory=dict)
    #: By interview and user.
    forms: dict[tuple[str, str], FeedbackForm] = field(default_factory=dict)
    #: By id: those that forms may be made from. `save` loads what is missing.
    templates: dict[str, models.FeedbackTemplate] = field(default_factory=dict)
    #: By id: those who sit on it.
    users: dict[str, models.User] = field(default_factory=dict)
    #: Who is interviewed; None for a tombstone.
    candidate: models.Candidate | None = None
    #: The emails by which somebody who sits on it is known to be the candidate.
    candidate_emails: set[str] = field(default_factory=set)
    _changed: dict[str, Interview | Interviewer | FeedbackForm] = field(default_factory=dict, init=False)
    _removed: list[Interviewer] = field(default_factory=list, init=False)
    #: What those templates ask now, by their ids.
    _versions: dict[str, models.TemplateVersion] = field(default_factory=dict, init=False)
    #: By interview: what invites said before the act.
    _invites: dict[str, InviteFacts] = field(default_factory=dict, init=False)
    _before: PanelState = field(init=False)

    def __post_init__(self) -> None:
        self._before = self._state()

    @classmethod
    async def load_for_update(cls, viewer: Viewer, external_id: str) -> "PanelAggregate":
        """The integration's own panel of that id with its parts, locked until the commit; a new one if it has none."""
        panel = await lock_panel(viewer, external_id)
        return await cls.load(panel) if panel else cls(new_panel(viewer, external_id))

    @classmethod
    async def load(cls, panel: Panel) -> "PanelAggregate":
        """A panel that is locked already, with its parts. Two statements."""
        why = "the parts of a locked panel"
        interviews = await select_unscoped(Interview, why, SEATS, *_PEOPLE, panel_id=panel.id)
        forms = await select_unscoped(FeedbackForm, why, panel_id=panel.id)
        seats = {interview.id: _by_user(interview.seats or ()) for interview in interviews}
        users = {seat.user_id: seat.user for each in seats.values() for seat in each.values()}
        candidate = next((interview.panel.candidate for interview in interviews), None)
        for interview in interviews:
            # An answer shows the panel and the seats as the act leaves them.
            attach(interview, "panel", panel)
            interview.seats = None
        aggregate = cls(
            panel,
            {interview.external_id: interview for interview in interviews},
            seats,
            {(form.interview_id, form.user_id): form for form in forms},
            users=users,
            candidate=candidate,
            candidate_emails={user.email for user in users.values() if attached_rows([user], "candidacy") != [None]},
        )
        aggregate._invites = {interview.id: aggregate._invite_facts(interview) for interview in interviews}
        return aggregate

    @property
    def visible_panel(self) -> Panel | None:
        """The panel as an answer shows it: nobody sees a tombstone."""
        return self.panel if self.panel.candidate_id is not None else None

    @property
    def live_interviews(self) -> list[Interview]:
        """The interviews that were not cancelled one by one."""
        return [interview for interview in self.interviews.values() if interview.canceled_at is None]

    @property
    def all_seats(self) -> list[Interviewer]:
        """The seats of all interviews."""
        return [seat for seats in self.seats.values() for seat in seats.values()]

    @property
    def byte_size(self) -> int:
        """About how many bytes all of it takes, cancelled interviews and the forms of former interviewers too."""
        interviews = sum(map(self.interview_bytes, self.interviews.values()))
        forms = sum(ROW_BYTES + text_bytes(form.answers or []) for form in self.forms.values())
        texts = (self.panel.note or "", self.panel.canceled_reason or "", list(self.panel.early_cancels))
        return text_bytes(texts) + interviews + forms

    def interview_bytes(self, interview: Interview) -> int:
        """The same of one interview with its seats, and with the cancels of those who left."""
        texts = [getattr(interview, name) for name in _TEXTS]
        return text_bytes(texts) + ROW_BYTES * (
            1 + len(self.seats.get(interview.id, ())) + len(interview.departures or ())
        )

    def touch(self, row: Interview | Interviewer | FeedbackForm) -> None:
        """Have `save` write this row."""
        self._changed[row.id] = row

    def replace_seats(self, interview: Interview, seats: Mapping[str, Interviewer]) -> None:
        """Let these people, by user id, sit on the interview; the seats of all others are deleted by `save`."""
        before = self.seats.get(interview.id, {})
        self._removed += [seat for user_id, seat in before.items() if user_id not in seats]
        self.seats[interview.id] = dict(seats)

    def set_interview_cancellation(
        self, interview: Interview, cancellation: Cancellation | None, unit: UnitOfWork
    ) -> None:
        """Cancel one interview, or with None let it take place again."""
        interview.call_off(cancellation)
        self.touch(interview)
        act = AuditAct.INTERVIEW_CANCELED if cancellation else AuditAct.INTERVIEW_RESTORED
        unit.audit(act, interview.id, panel=self.panel.id)

    def derive_cancellation(self, unit: UnitOfWork, reason: str | None = None) -> ChangeKind | None:
        """Cancel or restore the panel as its revisions and interviews say; returns what that changed, if anything."""
        origins = [interview.canceled_origin for interview in self.interviews.values()]
        return self.set_origin(cancel_origin(self.panel, self.panel.pushed_sequence, origins), unit, reason)

    def set_origin(self, origin: CancelOrigin | None, unit: UnitOfWork, reason: str | None = None) -> ChangeKind | None:
        """Let the panel be cancelled with that origin, by the integration; or with None let it take place.

        Returns what that changed, if anything. The reason is the scheduler's.
        """
        panel = self.panel
        if origin is panel.canceled_origin:
            return None
        if origin is None:
            panel.call_off(None)
            unit.audit(AuditAct.PANEL_RESTORED, panel.id, origin=CancelOrigin.SCHEDULER.value)
            return ChangeKind.RESTORED
        own_reason = reason if origin is CancelOrigin.SCHEDULER else None
        panel.call_off(Cancellation(unit.at, unit.actor_id, origin, own_reason))
        unit.audit(AuditAct.PANEL_CANCELED, panel.id, origin=origin.value)
        return ChangeKind.CANCELED

    async def save(self, unit: UnitOfWork, kind: ChangeKind | None) -> None:
        """Derive what follows from the parts, write all that has changed, and record that kind of change, if any.

        Of a tombstone nothing is recorded: nobody sees it.
        """
        self._forget_reasons()
        await self._load_templates()
        forms = self._reconcile_forms()
        self._derive_times()
        self._revise_invites(unit)
        if self.visible_panel is not None:
            await self._record(unit, kind)
        self._changed |= {form.id: form for form in forms}
        unit.keep(self.panel, *self._changed.values(), *self._versions_of(forms))
        if self._removed:
            seats = unscoped(Interviewer, "the seats of a locked panel")
            await seats.filter(id__in=[seat.id for seat in self._removed]).delete()

    async def _record(self, unit: UnitOfWork, kind: ChangeKind | None) -> None:
        """Add to the log what has become of the panel and of its forms, and who sees it from now on, or no longer."""
        panel, before, after = self.panel, self._before, self._state()
        assert panel.candidate_id is not None, "a panel that is seen has a candidate"
        seat_changes = await SeatChanges.watch(unit.sight, panel.candidate_id, before, after, self._roles)
        if kind is not None:
            previous = before.starts_at if kind is ChangeKind.RESCHEDULED else None
            unit.record(panel, kind, previous, seat_changes.newcomers)
        for form in self.forms.values():
            if type_ := form_change(before.forms.get(form.id), after.forms[form.id]):
                unit.record_form(form, panel.candidate_id, type_)
        unit.tell(*seat_changes.drafts(panel.id, panel.candidate_id, self.forms.values()))

    @property
    def _roles(self) -> dict[str, models.Role]:
        return {user_id: user.role for user_id, user in self.users.items()}

    def _state(self) -> PanelState:
        return PanelState(
            is_visible=self.visible_panel is not None,
            starts_at=self.panel.starts_at,
            seats=frozenset((seat.user_id, seat.interview_id) for seat in self.all_seats),
            forms={form.id: (form.status, form.template_id) for form in self.forms.values()},
        )

    def attach_parts(self, users: Mapping[str, models.User]) -> None:
        """Let the panel be answered with its parts as they stand here, so that nothing of them is read again."""
        self.panel.parts = sorted(self.interviews.values(), key=lambda interview: (interview.starts_at, interview.id))
        for interview in self.panel.parts:
            attach(interview, "panel", self.panel)
            interview.seats = list(self.seats.get(interview.id, {}).values())
            for seat in interview.seats:
                if seat.form_id is not None:
                    attach(seat, "form", self.forms[seat.interview_id, seat.user_id])
                if seat.user_id in users:
                    attach(seat, "user", users[seat.user_id])

    def _reconcile_forms(self) -> list[FeedbackForm]:
        """Bring forms and the count of those that are due in line with the seats; returns the forms to write."""
        seats, seats_in_use = self.all_seats, self._seats_in_use()
        before = {seat.id: seat.form_id for seat in seats}
        forms = feedback.reconcile_forms(
            ((seat, seat.id in seats_in_use and not self._has_candidate(seat)) for seat in seats),
            self.forms,
            self._versions,
            self.panel,
        )
        self.forms |= {(form.interview_id, form.user_id): form for form in forms}
        self._changed |= {seat.id: seat for seat in seats if before[seat.id] != seat.form_id}
        self.panel.feedback_due = sum(map(self._is_due, seats_in_use.values()))
        return forms

    def _versions_of(self, forms: Iterable[FeedbackForm]) -> list[models.TemplateVersion]:
        """The versions that these forms are made from in this act, but for those that a sync has stored."""
        used = {form.version_id for form in forms}
        stored = {template.stored_version_id for template in self.templates.values()}
        return [version for version in self._versions.values() if version.id in used - stored]

    def _seats_in_use(self) -> dict[str, Interviewer]:
        """The seats of what takes place, by id."""
        live = self.live_interviews if self.panel.canceled_at is None else []
        return {seat.id: seat for interview in live for seat in self.seats.get(interview.id, {}).values()}

    def _forget_reasons(self) -> None:
        """Keep no reason for a cancel of what is about somebody who was erased: it may tell of them."""
        if self.candidate is None or self.candidate.erased_at is None:
            return
        for row in (self.panel, *self.interviews.values()):
            row.canceled_reason = None

    def is_candidate(self, user: models.User) -> bool:
        """Whether the user is the candidate, by any email of theirs or of a duplicate of theirs."""
        return user.email in self.candidate_emails

    def _has_candidate(self, seat: Interviewer) -> bool:
        """Whether the candidate sits there: of themselves nobody is asked for feedback."""
        return seat.user_id in self.users and self.is_candidate(self.users[seat.user_id])

    def _is_due(self, seat: Interviewer) -> bool:
        """Whether the panel waits for the person's feedback: not for those who have left or declined."""
        form, user = self.forms.get((seat.interview_id, seat.user_id)), self.users.get(seat.user_id)
        comes = seat.response_status is not ResponseStatus.DECLINED and (user is None or user.deactivated_at is None)
        return comes and seat.feedback_required and form is not None and form.status is FeedbackFormStatus.PENDING

    def _derive_times(self) -> None:
        panel, live = self.panel, self.live_interviews
        panel.starts_at = min((interview.starts_at for interview in live), default=None)
        panel.ends_at = max((interview.ends_at for interview in live), default=None)
        panel.listed_at = panel.starts_at or panel.listed_at

    def _invite_facts(self, interview: Interview) -> InviteFacts:
        return invite_facts(self.panel, interview, self.seats.get(interview.id, {}).values(), self.forms)

    def _revise_invites(self, unit: UnitOfWork) -> None:
        """Count on the revision of each invite that says something else than before the act."""
        for interview in self.interviews.values():
            if revise_invite(interview, self._invites.get(interview.id), self._invite_facts(interview), unit.at):
                self.touch(interview)

    async def _load_templates(self) -> None:
        """Load the templates of forms to be made or changed that the act has not looked up itself."""
        used = {place: form.template_id for place, form in self.forms.items()}
        needed = {
            seat.template_id
            for seat in self.all_seats
            if seat.template_id not in (None, used.get((seat.interview_id, seat.user_id)))
        }
        if missing := needed - self.templates.keys():
            templates = unscoped(models.FeedbackTemplate, "the templates of a locked panel's seats")
            self.templates |= {template.id: template for template in await templates.filter(id__in=missing)}
        self._versions = {id: current_version(template) for id, template in self.templates.items()}


def _by_user(seats: Iterable[Interviewer]) -> dict[str, Interviewer]:
    """Seats by user, in the scheduler's order."""
    return {seat.user_id: seat for seat in sorted(seats, key=attrgetter("position", "id"))}


async def lock_panel(viewer: Viewer, external_id: str) -> Panel | None:
    """The integration's own panel of that id, a tombstone too, locked until the commit. One statement."""
    assert viewer.integration, "only the integration knows panels by its own ids"
    why = "the integration's own panels, with the tombstones that nobody sees"
    own = {"integration_id": viewer.integration.id, "external_id": external_id}
    return next(iter(await select_for_update(Panel, why, **own)), None)


def new_panel(viewer: Viewer, external_id: str) -> Panel:
    """A panel of the integration of which nothing is known but the scheduler's id."""
    assert viewer.integration, "only the integration makes panels"
    return Panel(
        account_id=viewer.account_id,
        integration_id=viewer.integration.id,
        external_id=external_id,
        created_by_id=viewer.actor_id,
    )
