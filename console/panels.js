/** An interview panel as a card: times, interviewers and their feedback, and cancelling and restoring it. */

import { ask } from "/console/client.js";
import { openDialog } from "/console/dialog.js";
import { externalLink, h, icon } from "/console/element.js";
import { PANEL } from "/console/fragments.js";
import { RESPONSES, interviewTime, venue } from "/console/interview-parts.js";
import { announce, avatar, chip, offerUndo, runAction } from "/console/page.js";
import { day, moment, relative } from "/console/times.js";

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

/** When a panel begins. A cancelled panel has no beginning, but its interviews had one. */
export const panelStart = ({ startsAt, interviews }) => startsAt ?? interviews[0]?.startsAt;

/** The day of a panel: "Thursday, 12 December". */
export const panelDay = (panel) => (panelStart(panel) ? day(panelStart(panel)) : "no date");

/** The card of a panel. `update(panel)` is called with what cancelling and restoring return. */
export function panelCard(panel, { viewer, candidate, update, isFresh }) {
  const isCanceled = Boolean(panel.cancellation);
  const shown = panel.interviews.filter(({ cancellation }) => isCanceled || !cancellation);
  const titleId = `panel-${panel.id}`;
  return h(
    `article.card.panel${isFresh ? ".fresh" : ""}${isCanceled ? ".canceled" : ""}`,
    { "aria-labelledby": titleId },
    panelHeader(panel, titleId),
    panel.note && h("p.prose", null, panel.note),
    h(
      "ol.interviews",
      null,
      shown.map((interview) => interviewRow(interview, panelStart(panel), viewer)),
    ),
    isCanceled && cancellationNote(panel),
    h(
      "footer",
      null,
      panel.externalUrl &&
        externalLink("a.quiet.small", panel.externalUrl, { "data-focus": `view-${panel.id}` }, "View in External App"),
      viewer.role !== "INTERVIEWER" && cancelOrRestore(panel, candidate, update),
    ),
  );
}

function panelHeader(panel, titleId) {
  const facts = [panel.startsAt && relative(panel.startsAt), panel.stage?.name, `Managed by ${panel.managedBy.name}`];
  return h(
    "header",
    null,
    h("div", null, h("h3", { id: titleId }, panelDay(panel)), h("p.faint", null, facts.filter(Boolean).join(" · "))),
    chip(...STATUS[panel.status]),
  );
}

function cancelOrRestore(panel, candidate, update) {
  const focus = { "data-focus": `act-${panel.id}` };
  if (!panel.cancellation) {
    const open = () => openCancelDialog(panel, candidate, update);
    return h("button.quiet.small.danger", { ...focus, click: open }, "Cancel");
  }
  if (panel.cancellation.origin !== "ATS") return null;
  const run = ({ currentTarget }) => runAction(currentTarget, () => restore(panel, update));
  return h("button.quiet.small", { ...focus, click: run }, icon("undo"), "Restore");
}

function interviewRow(interview, shownDay, viewer) {
  const { endsAt, subject, note, interviewers } = interview;
  const isOver = new Date(endsAt) < new Date();
  return h(
    "li",
    null,
    interviewTime(interview, shownDay),
    h(
      "div.what",
      null,
      h("h4", null, subject),
      venue(interview),
      note && h("p.prose", null, note),
      h(
        "ul.people",
        { "aria-label": "Interviewers" },
        interviewers.map((interviewer) => interviewerRow(interviewer, viewer, isOver)),
      ),
    ),
  );
}

function interviewerRow({ user, responseStatus, feedbackForm, feedbackRequired }, viewer, isOver) {
  const [tone, symbol, response] = RESPONSES[responseStatus];
  const isViewer = user.id === viewer.id;
  return h(
    "li",
    null,
    avatar(user.name),
    h(
      "span",
      null,
      h("b", null, user.name, isViewer && h("span.faint", null, " (you)")),
      h(`small.tone-${tone}`, null, icon(symbol), response),
    ),
    feedbackForm && formLink(feedbackForm, { isRequired: feedbackRequired, isViewer, isOver }),
  );
}

function formLink({ id, status }, circumstances) {
  const [tone, label] = formState(status, circumstances);
  return h(
    `a.chip.${tone}`,
    { href: `/feedback/${id}`, "data-focus": `form-${id}` },
    icon(status === "COMPLETED" ? "check" : "form"),
    label,
  );
}

function formState(status, { isRequired, isViewer, isOver }) {
  if (status === "COMPLETED") return ["good", "Feedback submitted"];
  if (status === "VOIDED") return ["plain", "Feedback not needed"];
  if (isViewer) return ["info", "Give feedback"];
  if (isOver && isRequired) return ["due", "Feedback due"];
  return ["plain", isRequired ? "Feedback form" : "Feedback optional"];
}

function cancellationNote({ cancellation: { at, by, origin, reason, calendarEventRemains }, managedBy }) {
  const isByScheduler = origin === "SCHEDULER";
  return h(
    "div.note",
    null,
    h(
      "p",
      null,
      h("b", null, isByScheduler ? `Deleted in ${managedBy.name}` : "Removed from the profile"),
      isByScheduler ? ", " : ` by ${by.name}, `,
      h("time", { datetime: at }, moment(at)),
      reason && [". ", h("q", null, reason)],
    ),
    calendarEventRemains &&
      h("p", null, `The calendar event remains. To delete it too, delete the interview in ${managedBy.name}.`),
  );
}

function openCancelDialog(panel, candidate, update) {
  let latest = panel;
  const problem = h("p.problem", { role: "alert" });
  const reason = h("textarea", { id: "reason", rows: "2", maxlength: "500" });
  const showError = ({ message }) => problem.append(message);
  const confirm = h(
    "button.solid.danger",
    { click: () => runAction(confirm, cancel, showError) },
    "Cancel the interviews",
  );
  const { close } = openDialog("Cancel these interviews?", (controls) => [
    h(
      "p",
      null,
      "The interviews of ",
      h("b", null, panelDay(panel)),
      " are removed from the profile of ",
      h("b", null, candidate.name),
      ", and their pending feedback forms are no longer needed.",
    ),
    calendarNote(panel),
    h("label", { for: "reason" }, "Reason ", h("span.faint", null, "(optional)")),
    reason,
    problem,
    h("menu", null, h("button.quiet", { click: controls.close, autofocus: true }, "Keep the interviews"), confirm),
  ]);

  async function cancel() {
    problem.replaceChildren();
    const input = { id: latest.id, expectedVersion: latest.version, reason: reason.value.trim() || null };
    const { panel: current, errors } = (await ask(CANCEL, { input })).cancelInterviewPanel;
    if (current) update(current);
    if (!errors.length) return finish("Removed from the profile. The calendar event remains.", current);
    const isConflict = errors[0].code === "VERSION_CONFLICT";
    if (isConflict && current?.cancellation) return finish(alreadyCanceled(current));
    latest = current ?? latest;
    problem.append(isConflict ? conflict(latest) : messages(errors));
  }

  function finish(message, canceled) {
    close();
    document.querySelector("h1").focus();
    if (canceled) offerUndo(message, () => restore(canceled, update));
    else announce(message);
  }
}

const calendarNote = ({ managedBy, externalUrl }) =>
  h(
    "div.note",
    null,
    h("p", null, h("b", null, "The calendar event remains.")),
    h(
      "p",
      null,
      `It stays on people's calendars until the interview is deleted in ${managedBy.name} as well. `,
      externalUrl && externalLink("a", externalUrl, null, `Open it in ${managedBy.name}`),
    ),
  );

const alreadyCanceled = ({ cancellation: { origin, by }, managedBy }) =>
  origin === "SCHEDULER"
    ? `These interviews were already deleted in ${managedBy.name}.`
    : `${by.name} has already cancelled these interviews.`;

const conflict = (panel) =>
  `These interviews changed in the meantime: they are now on ${panelDay(panel)}. Cancel them anyway?`;

async function restore(panel, update) {
  const input = { id: panel.id, expectedVersion: panel.version };
  const { panel: current, errors } = (await ask(RESTORE, { input })).restoreInterviewPanel;
  if (current) update(current);
  announce(errors.length ? messages(errors) : "The interviews are on the profile again.");
}

const messages = (errors) => errors.map(({ message }) => message).join(" ");
