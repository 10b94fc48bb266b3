// What three caches show of a form once the template that it was made from was synced again: a line of JSON, by client, the
// labels of the form and of the template, from the cache alone.
//
//   node caches.mjs URL TOKEN_OF_A_SUPER_ADMIN FORM_ID SCHEMA, after relay-compiler has run here
import { readFileSync } from "node:fs";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { buildSchema, introspectionFromSchema } from "graphql";
import relay from "relay-runtime";

const [url, token, id, schema] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
const FIELDS = "fields { id label options }";
const FORM = `query Form($id: ID!) { feedbackForm(id: $id) { __typename id ${FIELDS} } }`;
const TEMPLATES = `query Templates { feedbackTemplates(search: "Technical") { edges { node { __typename id ${FIELDS} } } } }`;
const SYNC = `mutation { syncFeedbackTemplates(feedbackTemplates: [{externalId: "technical", name: "Technical", fields: [
  {type: SCORE, label: "Asked anew", required: true}, {type: DROPDOWN, label: "Level", options: ["junior", "senior"]}]}]) {
  errors { message } } }`;

const post = async (query, variables) => {
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return response.json();
};
const labels = (form, templates) => ({
  form: form.feedbackForm.fields.map(({ label }) => label),
  template: templates.feedbackTemplates.edges.flatMap(({ node }) => node.fields.map(({ label }) => label)),
});

function apollo() {
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, headers }) });
  const form = { query: gql(FORM), variables: { id } };
  const templates = { query: gql(TEMPLATES) };
  return {
    load: () => Promise.all([client.query(form), client.query(templates)]),
    reload: () => client.query({ ...templates, fetchPolicy: "network-only" }),
    shown: () => labels(client.readQuery(form), client.readQuery(templates)),
  };
}

function graphcache() {
  const introspection = introspectionFromSchema(buildSchema(readFileSync(schema, "utf8")));
  const exchanges = [cacheExchange({ schema: introspection }), fetchExchange];
  const client = new Client({ url, preferGetMethod: false, fetchOptions: { headers }, exchanges });
  const ask = async (query, variables, requestPolicy) => {
    const { data, error } = await client.query(query, variables, { requestPolicy }).toPromise();
    if (error) throw error;
    return data;
  };
  return {
    load: () => Promise.all([ask(FORM, { id }), ask(TEMPLATES, {})]),
    reload: () => ask(TEMPLATES, {}, "network-only"),
    shown: async () => labels(await ask(FORM, { id }, "cache-only"), await ask(TEMPLATES, {}, "cache-only")),
  };
}

async function relayStore() {
  const compiled = async (name) => (await import(`./__generated__/${name}.graphql.js`)).default;
  const [form, templates] = [await compiled("queriesFormQuery"), await compiled("queriesTemplatesQuery")];
  const network = relay.Network.create(({ text }, variables) => post(text, variables));
  const environment = new relay.Environment({ network, store: new relay.Store(new relay.RecordSource()) });
  const load = (query, variables) => relay.fetchQuery(environment, query, variables).toPromise();
  const kept = [];
  const read = (query, variables) => {
    const operation = relay.createOperationDescriptor(query, variables);
    kept.push(environment.retain(operation));
    return environment.lookup(operation.fragment).data;
  };
  return {
    load: () => Promise.all([load(form, { id }), load(templates, {})]),
    reload: () => load(templates, {}),
    shown: () => labels(read(form, { id }), read(templates, {})),
  };
}

const clients = { apollo: apollo(), graphcache: graphcache(), relay: await relayStore() };
await Promise.all(Object.values(clients).map((client) => client.load()));
const { data, errors } = await post(SYNC);
if (errors ?? data.syncFeedbackTemplates.errors.length) throw new Error(JSON.stringify(errors ?? data));
await Promise.all(Object.values(clients).map((client) => client.reload()));
const shown = await Promise.all(Object.entries(clients).map(async ([name, client]) => [name, await client.shown()]));
console.log(JSON.stringify(Object.fromEntries(shown)));
process.exit(0);
