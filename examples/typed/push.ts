// Pushes one panel by a client that is generated from the schema: a field or an argument that there is not doesn't compile.
//     callboard schema > callboard.graphql && npm ci && npm run generate
//     npm run push -- http://127.0.0.1:8000/graphql KEY CANDIDATE_EXTERNAL_ID INTERVIEWER_EMAIL
import { GraphQLClient } from "graphql-request";
import { PushDocument, type UpsertInterviewPanelInput } from "./generated/graphql.js";

const [url, key, candidateExternalId, email] = process.argv.slice(2) as [string, string, string, string];
const client = new GraphQLClient(url, { headers: { Authorization: `Bearer ${key}` } });

const input: UpsertInterviewPanelInput = {
  externalId: "typed-typescript",
  candidateExternalId,
  sequence: 1,
  timezone: "America/New_York",
  interviews: [
    {
      externalId: "one",
      subject: "System design",
      startsAt: "2030-03-31T09:00:00-04:00",
      durationMinutes: 45,
      interviewers: [{ email }],
    },
  ],
};
const { upsertInterviewPanel: pushed } = await client.request(PushDocument, { input });
for (const { code, path, message } of [...pushed.errors, ...pushed.warnings]) console.error(code, path.join("."), message);
const interviewers = pushed.panel?.interviews.flatMap((interview) => interview.interviewers) ?? [];
console.log(pushed.outcome, pushed.panel?.startsAt, ...interviewers.map(({ feedbackForm }) => feedbackForm?.url));
