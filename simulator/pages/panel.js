/** The panel's page, to which View in External App leads: reschedule, change people, delete. */

import { loadDirectory, peoplePicker } from "./directory.js";
import { h, labelled, message } from "./element.js";
import { declared, outcome, push, remove, stored } from "./push.js";
import { inputs, instant, later, shown } from "./times.js";

/** The page's elements. */
export async function panelPage(externalId) {
  const panel = await stored(externalId);
  if (!panel) return [h("h1", null, "Panel"), message("bad", `The ATS knows no panel ${externalId}.`)];
  const directory = await loadDirectory();
  const page = h("div");
  show(page, panel, directory);
  return [page];
}

/** Shows the panel, and what the last act came to. */
function show(page, panel, directory, ...last) {
  const act = async (work) => {
    const payload = await work();
    show(page, payload.panel ?? panel, directory, outcome(payload));
  };
  page.replaceChildren(
    ...[
      h("h1", null, panel.candidate.name),
      h("p", null, h("a", { href: candidateAddress(panel) }, "Schedule something else for this candidate")),
      h("p", { "data-status": panel.status }, `In the ATS: ${panel.status.toLowerCase().replaceAll("_", " ")}`),
      h("div", { "aria-live": "polite" }, last.flat()),
      panel.cancellation && message("quiet", cancelled(panel.cancellation)),
      panel.interviews.map((interview) => event(panel, interview, directory, act)),
      panel.interviews.length ? [rescheduleForm(panel, act), deleteForm(panel, act)] : null,
    ]
      .flat()
      .filter(Boolean),
  );
}

const candidateAddress = (panel) => `/candidates?id=${encodeURIComponent(panel.candidate.externalId)}`;

const cancelled = ({ origin, reason }) =>
  (origin === "ATS" ? "Taken off the profile in the ATS." : "Deleted here.") + (reason ? ` Reason: ${reason}` : "");

function event(panel, interview, directory, act) {
  const change = (submitted) => {
    submitted.preventDefault();
    const emails = new FormData(submitted.target).getAll("people");
    void act(() => push("Change people", panel, panel.interviews.map((each) => withPeople(each, interview, emails))));
  };
  return h(
    "section.event",
    null,
    h("h2", null, interview.subject),
    h("p", null, `${shown(interview.startsAt)}, ${interview.durationMinutes} minutes`, interview.location && `, ${interview.location}`),
    h("ul", null, interview.interviewers.map(seat)),
    h(
      "details",
      null,
      h("summary", null, "Change people"),
      h(
        "form",
        { submit: change },
        peoplePicker("people", directory.people, interview.interviewers.map((each) => each.user.email)),
        h("button", { type: "submit" }, "Save people"),
      ),
    ),
  );
}

function seat({ user, feedbackForm }) {
  const form = feedbackForm && h("a", { href: feedbackForm.url, target: "_blank", rel: "noopener" }, "feedback form");
  return h("li", null, user.name, form && [" · ", form, ` (${feedbackForm.status.toLowerCase()})`]);
}

/** The interview declared again; the one that is changed with these people, and the form that all of it has. */
function withPeople(interview, changed, emails) {
  const input = declared(interview);
  if (interview !== changed) return input;
  const forms = new Map(input.interviewers.map((each) => [each.email, each.feedbackTemplateId]));
  const usual = input.interviewers[0]?.feedbackTemplateId ?? null;
  const formOf = (email) => (forms.has(email) ? forms.get(email) : usual);
  return { ...input, interviewers: emails.map((email) => ({ email, feedbackTemplateId: formOf(email) })) };
}

function rescheduleForm(panel, act) {
  const starts = panel.interviews.map((interview) => new Date(interview.startsAt));
  const [first] = starts.toSorted((one, other) => one - other);
  const [date, time] = inputs(first);
  const submit = (submitted) => {
    submitted.preventDefault();
    const form = new FormData(submitted.target);
    const minutes = (instant(form.get("date"), form.get("time")) - first) / 60_000;
    const moved = panel.interviews.map((each, place) => ({
      ...declared(each),
      startsAt: later(starts[place], minutes).toISOString(),
    }));
    void act(() => push("Reschedule", panel, moved));
  };
  return h(
    "form",
    { submit },
    h("h2", null, "Reschedule"),
    h(
      "div.row",
      null,
      labelled("New date", h("input", { type: "date", name: "date", value: date, required: true })),
      labelled("New start", h("input", { type: "time", name: "time", value: time, required: true })),
    ),
    h("button", { type: "submit" }, "Reschedule"),
  );
}

function deleteForm(panel, act) {
  const submit = (submitted) => {
    submitted.preventDefault();
    void act(() => remove(panel, new FormData(submitted.target).get("reason")));
  };
  return h(
    "form",
    { submit },
    h("h2", null, "Delete"),
    labelled("Reason", h("input", { name: "reason", placeholder: "The candidate is ill" })),
    h("button.danger", { type: "submit" }, "Delete panel"),
  );
}
