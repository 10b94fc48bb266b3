/** What is sent to the ATS: a panel is always declared as a whole. */

import { ask } from "./api.js";
import { h, message } from "./element.js";
import { ZONE } from "./times.js";

export const PANEL = `
  fragment Panel on InterviewPanel {
    id externalId externalUrl status sequence timezone startsAt
    candidate { id externalId name }
    cancellation { origin reason }
    interviews {
      externalId subject startsAt durationMinutes location meetingUrl
      interviewers { user { name email } feedbackForm { url status template { id name } } }
    }
  }`;

const UPSERT = `
  mutation Push($input: UpsertInterviewPanelInput!) {
    upsertInterviewPanel(input: $input) {
      outcome
      panel { ...Panel }
      warnings { code path message }
      errors { code path message }
    }
  }
  ${PANEL}`;

const CANCEL = `
  mutation Delete($input: CancelInterviewPanelInput!) {
    cancelInterviewPanel(input: $input) {
      panel { ...Panel }
      calendarEventRemains
      errors { code path message }
    }
  }
  ${PANEL}`;

const STORED = `
  query Stored($externalId: String!) {
    interviewPanel(externalId: $externalId) { ...Panel }
  }
  ${PANEL}`;

/** The panel as the ATS has it, or null. */
export async function stored(externalId) {
  return (await ask("The panel in the ATS", STORED, { externalId })).interviewPanel;
}

/** Declares a panel: `events` are InterviewInputs. Returns the payload. */
export async function push(title, panel, events) {
  const { panels } = await (await fetch("/state")).json();
  const input = {
    externalId: panel.externalId,
    candidateId: panel.candidate.id,
    sequence: (panel.sequence ?? 0) + 1,
    externalUrl: panels + encodeURIComponent(panel.externalId),
    timezone: panel.timezone ?? ZONE,
    interviews: events,
  };
  return (await ask(title, UPSERT, { input })).upsertInterviewPanel;
}

/** Deletes a panel. Returns the payload. */
export async function remove(panel, reason) {
  const input = { externalId: panel.externalId, sequence: (panel.sequence ?? 0) + 1, reason: reason || null };
  return (await ask("Delete the panel", CANCEL, { input })).cancelInterviewPanel;
}

/** An interview of the ATS as the InterviewInput that declares it again. */
export function declared(interview) {
  const { externalId, subject, startsAt, durationMinutes, location, meetingUrl } = interview;
  const interviewers = interview.interviewers.map((each) => ({
    email: each.user.email,
    feedbackTemplateId: each.feedbackForm?.template.id ?? null,
  }));
  return { externalId, subject, startsAt, durationMinutes, location, meetingUrl, interviewers };
}

/** What a payload came to, for people. */
export function outcome(payload) {
  if (payload.errors.length) return message("bad", "Refused: ", payload.errors.map(fault));
  return [
    message("good", `The ATS answered ${payload.outcome ?? "that the panel is deleted"}.`),
    payload.warnings?.length ? message("quiet", "Warnings: ", payload.warnings.map(fault)) : null,
  ];
}

function fault({ code, path, message: text }) {
  return h("span.fault", null, h("code", null, code), ` ${text} `, h("small", null, path.join(".")));
}
