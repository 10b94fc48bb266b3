/** Fragments that views and live updates share, so that a change has the shape of what was loaded. */

export const ACTOR = `
  fragment Actor on Actor { __typename ... on User { id name } ... on Integration { id name } }`;

export const CANDIDATE = `
  fragment Candidate on Candidate {
    id name headline archivedAt stage { id name } posting { id title }
    scheduleAction { provider url dashboardLabel bannerLabel menuLabel }
    upcoming: interviewPanels(upcomingOnly: true, first: 1) {
      edges { node { id status startsAt interviews { id subject } } }
    }
  }`;

export const PANEL = `${ACTOR}
  fragment Panel on InterviewPanel {
    id version status externalUrl timezone note startsAt endsAt
    managedBy { id name }
    stage { id name }
    cancellation { at origin reason calendarEventRemains by { ...Actor } }
    interviews(includeCanceled: true) {
      id subject note location meetingUrl startsAt endsAt timezone
      cancellation { at }
      interviewers { responseStatus feedbackRequired user { id name } feedbackForm { id status } }
    }
  }`;
