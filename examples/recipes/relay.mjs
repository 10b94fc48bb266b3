// Relay: the network layer, with changes that survive every cut. Generated queries go through the same two functions.
//     node relay.mjs http://127.0.0.1:8000/graphql TOKEN
import relay from "relay-runtime";
import { BEGIN, connect, fail, FOLLOW, show } from "./resume.mjs";

const [url, token] = process.argv.slice(2);
const sockets = connect(url, token);

async function fetchQuery({ text }, variables) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query: text, variables }) });
  const payload = await response.json();
  // Relay drops the errors of fields where there is data: whoever must tell null from a refusal throws here.
  if (payload.errors?.length && !payload.data) throw new Error(payload.errors[0].message);
  return payload;
}

const subscribe = ({ text }, variables) =>
  relay.Observable.create((sink) => sockets.subscribe({ query: text, variables }, sink));

const network = relay.Network.create(fetchQuery, subscribe);
export const environment = new relay.Environment({ network, store: new relay.Store(new relay.RecordSource()) });

const { data } = await network.execute({ text: BEGIN, operationKind: "query", name: "Begin" }, {}, {}).toPromise();
const variables = { after: data.changeCursor };
// Load the page here. requestSubscription(environment, …) of a compiled document does the same, and updates the store.
network.execute({ text: FOLLOW, operationKind: "subscription", name: "Follow" }, variables, {}).subscribe({
  next: ({ data, errors }) => (errors ? fail(errors) : show(data.interviewPanelChanges)),
  error: fail,
});
