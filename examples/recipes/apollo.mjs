// Apollo Client 4: queries over HTTP, which are tried again while the server is busy, and changes that survive every cut.
//     node apollo.mjs http://127.0.0.1:8000/graphql TOKEN
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { map } from "rxjs";
import { BEGIN, connect, fail, FOLLOW, show } from "./resume.mjs";

const [url, token] = process.argv.slice(2);
const AGAIN = new Set(["RATE_LIMITED", "SERVICE_UNAVAILABLE"]);

// RetryLink takes a 429 or 503 of the GraphQL media type for a result: this makes an error of it again.
const busy = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    map((result) => {
      if (result.errors?.some(({ extensions }) => AGAIN.has(extensions?.code))) throw new CombinedGraphQLErrors(result);
      return result;
    }),
  ),
);
const retry = new RetryLink({
  attempts: (count, _, error) => count < 10 && (CombinedGraphQLErrors.is(error) || !("statusCode" in error)),
  delay: (count, _, error) => 1000 * (error.errors?.[0]?.extensions?.retryAfter ?? Math.min(2 ** count, 30) * Math.random()),
});
const http = ApolloLink.from([retry, busy, new HttpLink({ uri: url, headers: { Authorization: `Bearer ${token}` } })]);
const sockets = new GraphQLWsLink(connect(url, token));
const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies: { InterviewPanelChange: { keyFields: ["cursor"] } } }),
  link: ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, sockets, http),
});

const { data } = await client.query({ query: gql(BEGIN), fetchPolicy: "network-only" });
// Load the page here. What changes meanwhile comes with the subscription, and updates the cache by the panel's id.
client.subscribe({ query: gql(FOLLOW), variables: { after: data.changeCursor } }).subscribe({
  next: ({ data, error }) => (error ? fail(error) : show(data.interviewPanelChanges)),
  error: fail,
});
