// Apollo Client: pushes a panel as the scheduler does, and prints what came of it.
//     node push_apollo.mjs http://127.0.0.1:8000/graphql KEY CANDIDATE_EXTERNAL_ID INTERVIEWER_EMAIL
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";

const [url, key, candidateExternalId, email] = process.argv.slice(2);
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: url, headers: { Authorization: `Bearer ${key}` } }),
});
const mutation = gql`
  mutation Push($input: UpsertInterviewPanelInput!) {
    upsertInterviewPanel(input: $input) {
      outcome
      panel { id status interviews { id interviewers { id feedbackForm { id url } } } }
      warnings { code path message }
      errors { code path message }
    }
  }
`;
// The next push of this panel has the next sequence. The same one again is UNCHANGED: it may be repeated.
const interviewers = [{ email }];
const startsAt = "2030-03-31T09:00:00-04:00";
const interviews = [{ externalId: "one", subject: "System design", startsAt, durationMinutes: 45, interviewers }];
const input = { externalId: "by-apollo", candidateExternalId, sequence: 1, timezone: "America/New_York", interviews };

const { data } = await client.mutate({ mutation, variables: { input } });
const { outcome, panel, warnings, errors } = data.upsertInterviewPanel;
for (const { code, path, message } of [...errors, ...warnings]) console.error(code, path.join("."), message);
console.log(outcome, panel?.status);
