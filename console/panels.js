/** An interview panel as a card: when, who, what is still open; cancelling it here, and taking that back. */

import { ask } from "/console/client.js";
import { dialog } from "/console/dialog.js";
import { h, icon, outward } from "/console/element.js";
import { PANEL } from "/console/fragments.js";
import { announce, chip, face, press } from "/console/page.js";
import { day, moment, relative } from "/console/times.js";
import { whenCell } from "/console/when.js";

const CANCEL = `${PANEL}
  mutation Cancel($input: CancelInterviewPanelInput!) {
    cancelInterviewPanel(input: $input) { calendarEventRemains panel { ...Panel } errors { code message } }
  }`;

const RESTORE = `${PANEL}
  mutation Restore($input: RestoreInterviewPanelInput!) {
    restoreInterviewPanel(input: $input) { panel { ...Panel } errors { code message } }
  }`;

const STATUS = {
  TENTATIVE: ["warn", "Tentative"],
  SCHEDULED: ["info", "Scheduled"],
  AWAITING_FEEDBACK: ["due", "Awaiting feedback"],
  COMPLETE: ["good", "Complete"],
  CANCELED: ["bad", "Cancelled"],
};

export const RESPONSES = {
  ACCEPTED: ["good", "check", "Accepted"],
  TENTATIVE: ["warn", "question", "Tentative"],
  DECLINED: ["bad", "cross", "Declined"],
  NEEDS_ACTION: ["plain", "clock", "No answer yet"],
};

/** Thursday, 12 December, or what is left to say without a date. */
export const when = (panel) => (start(panel) ? day(start(panel)) : "no date");

/** When it begins; a cancelled panel has no beginning of its own, but its interviews had one. */
export const start = ({ startsAt, interviews }) => startsAt ?? interviews[0]?.startsAt;

/**
 * The card of a panel. `settle(panel)` is told of the panel as a mutation answers it; cancelling and restoring
 * are offered to whom the schedule action is.
 */
export function panelCard(panel, { viewer, candidate, settle, isFresh }) {
  const isOff = Boolean(panel.cancellation);
  const shown = panel.interviews.filter(({ cancellation }) => isOff || !cancellation);
  const titleId = `panel-${panel.id}`;
  const mayAct = viewer.role !== "INTERVIEWER";
  return h(
    `article.card.panel${isFresh ? ".fresh" : ""}${isOff ? ".off" : ""}`,
    { "aria-labelledby": titleId },
    h(
      "header",
      null,
      h(
        "div",
        null,
        h("h3", { id: titleId }, when(panel)),
        h(
          "p.faint",
          null,
          [panel.startsAt && relative(panel.startsAt), panel.stage?.name, `Managed by ${panel.managedBy.name}`]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
      chip(...STATUS[panel.status]),
    ),
    panel.note && h("p.prose", null, panel.note),
    h(
      "ol.interviews",
      null,
      shown.map((interview) => interviewRow(interview, start(panel), viewer)),
    ),
    isOff && cancellationNote(panel),
    h(
      "footer",
      null,
      panel.externalUrl &&
        outward("a.quiet.small", panel.externalUrl, { "data-focus": `view-${panel.id}` }, "View in External App"),
      mayAct &&
        !isOff &&
        h(
          "button.quiet.small.danger",
          { "data-focus": `act-${panel.id}`, click: () => askToCancel(panel, candidate, settle) },
          "Cancel",
        ),
      mayAct &&
        panel.cancellation?.origin === "ATS" &&
        h(
          "button.quiet.small",
          {
            "data-focus": `act-${panel.id}`,
            click: ({ currentTarget }) => press(currentTarget, () => restore(panel, settle)),
          },
          icon("undo"),
          "Restore",
        ),
    ),
  );
}

function interviewRow(interview, dayOf, viewer) {
  const { endsAt, subject, location, meetingUrl, note, interviewers } = interview;
  const isOver = new Date(endsAt) < new Date();
  return h(
    "li",
    null,
    whenCell(interview, dayOf),
    h(
      "div.what",
      null,
      h("h4", null, subject),
      (location || meetingUrl) &&
        h(
          "p.where",
          null,
          location && h("span", null, icon("place"), location),
          meetingUrl && outward("a", meetingUrl, null, icon("video"), "Join the meeting"),
        ),
      note && h("p.prose", null, note),
      h(
        "ul.people",
        { "aria-label": "Interviewers" },
        interviewers.map((interviewer) => person(interviewer, viewer, isOver)),
      ),
    ),
  );
}

function person({ user, responseStatus, feedbackForm, feedbackRequired }, viewer, isOver) {
  const [tone, symbol, answer] = RESPONSES[responseStatus];
  return h(
    "li",
    null,
    face(user.name),
    h(
      "span",
      null,
      h("b", null, user.name, user.id === viewer.id && h("span.faint", null, " (you)")),
      h(`small.tone-${tone}`, null, icon(symbol), answer),
    ),
    feedbackForm && feedback(feedbackForm, feedbackRequired, user.id === viewer.id, isOver),
  );
}

function feedback({ id, status }, isRequired, isMine, isOver) {
  const pending = isMine
    ? ["info", "Give feedback"]
    : isOver && isRequired
      ? ["due", "Feedback due"]
      : ["plain", isRequired ? "Feedback form" : "Feedback optional"];
  const [tone, words] = { PENDING: pending, COMPLETED: ["good", "Feedback in"], VOIDED: ["plain", "Not needed"] }[
    status
  ];
  return h(
    `a.chip.${tone}`,
    { href: `/feedback/${id}`, "data-focus": `form-${id}` },
    icon(status === "COMPLETED" ? "check" : "form"),
    words,
  );
}

function cancellationNote({ cancellation: { at, by, origin, reason, calendarEventRemains }, managedBy }) {
  const where = origin === "SCHEDULER" ? `Deleted in ${managedBy.name}` : "Taken off the profile";
  return h(
    "div.note",
    null,
    h(
      "p",
      null,
      h("b", null, where),
      origin === "SCHEDULER" ? ", " : ` by ${by.name}, `,
      h("time", { datetime: at }, moment(at)),
      reason && [". ", h("q", null, reason)],
    ),
    calendarEventRemains &&
      h("p", null, `The calendar event remains. To delete it too, delete the interview in ${managedBy.name}.`),
  );
}

function askToCancel(panel, candidate, settle) {
  let asked = panel;
  const problem = h("p.problem", { role: "alert" });
  const reason = h("textarea", { id: "reason", rows: "2", maxlength: "500" });
  dialog("Cancel these interviews?", ({ close }) => {
    const yes = h(
      "button.solid.danger",
      { click: () => press(yes, cancel, ({ message }) => problem.append(message)) },
      "Cancel the interviews",
    );
    return [
      h(
        "p",
        null,
        "The panel of ",
        h("b", null, when(panel)),
        " leaves the profile of ",
        h("b", null, candidate.name),
        ", and feedback forms that wait for an answer are no longer needed.",
      ),
      h(
        "div.note",
        null,
        h("p", null, h("b", null, "The calendar event remains.")),
        h(
          "p",
          null,
          `People keep it on their calendars until the interview is deleted in ${panel.managedBy.name} as well. `,
          panel.externalUrl && outward("a", panel.externalUrl, null, `Open it in ${panel.managedBy.name}`),
        ),
      ),
      h("label", { for: "reason" }, "Reason ", h("span.faint", null, "(optional)")),
      reason,
      problem,
      h("menu", null, h("button.quiet", { click: close, autofocus: true }, "Keep them"), yes),
    ];

    async function cancel() {
      problem.replaceChildren();
      const input = { id: asked.id, expectedVersion: asked.version, reason: reason.value.trim() || null };
      const {
        cancelInterviewPanel: { panel: now, errors },
      } = await ask(CANCEL, { input });
      if (now) settle(now);
      if (!errors.length)
        return (
          close(),
          document.querySelector("h1").focus(),
          announce("Taken off the profile. The calendar event remains.")
        );
      asked = now ?? asked;
      problem.append(
        errors[0].code === "VERSION_CONFLICT"
          ? `These interviews changed meanwhile: they are now on ${when(asked)}. Cancel them all the same?`
          : sentences(errors),
      );
    }
  });
}

async function restore(panel, settle) {
  const {
    restoreInterviewPanel: { panel: now, errors },
  } = await ask(RESTORE, { input: { id: panel.id, expectedVersion: panel.version } });
  if (now) settle(now);
  announce(errors.length ? sentences(errors) : "The interviews are back on the profile.");
}

const sentences = (errors) => errors.map(({ message }) => message).join(" ");
