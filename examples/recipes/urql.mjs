// urql: queries over HTTP by POST, and changes that survive every cut.
//     node urql.mjs http://127.0.0.1:8000/graphql TOKEN
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { connect, fail, FOLLOW, show } from "./resume.mjs";

const [url, token] = process.argv.slice(2);
const sockets = connect(url, token);
const client = new Client({
  url,
  preferGetMethod: false, // else queries and their variables are in the logs of every proxy
  fetchOptions: { headers: { Authorization: `Bearer ${token}` } },
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
      }),
    }),
  ],
});

// Without `after` it begins where the connection does: load the page once it is there, or take a cursor before, as apollo.mjs.
// The document cache learns nothing from subscriptions: ask again on a change, or use Graphcache.
client.subscription(FOLLOW, {}).subscribe(({ data, error }) => {
  if (error) fail(error);
  else show(data.interviewPanelChanges);
});
