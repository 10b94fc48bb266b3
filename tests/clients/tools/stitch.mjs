// Callboard stitched together with another schema, whose bookings lead to its panels: what came, as a line of JSON.
//
//   node stitch.mjs URL TOKEN SCHEMA PANEL_ID…
import { readFileSync } from "node:fs";
import { buildHTTPExecutor } from "@graphql-tools/executor-http";
import { stitchSchemas } from "@graphql-tools/stitch";
import { buildSchema, graphql, GraphQLID, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema } from "graphql";

const [url, token, schema, ...ids] = process.argv.slice(2);
let requests = 0;
const counted = (...request) => ((requests += 1), fetch(...request));
const executor = buildHTTPExecutor({ endpoint: url, headers: { Authorization: `Bearer ${token}` }, fetch: counted });

const InterviewPanel = new GraphQLObjectType({ name: "InterviewPanel", fields: { id: { type: new GraphQLNonNull(GraphQLID) } } });
const bookings = { type: new GraphQLList(InterviewPanel), resolve: () => ids.map((id) => ({ id })) };
const rooms = new GraphQLSchema({ query: new GraphQLObjectType({ name: "Query", fields: { bookings } }) });

const gateway = stitchSchemas({
  subschemas: [
    { schema: rooms },
    {
      schema: buildSchema(readFileSync(schema, "utf8")),
      executor,
      batch: true,
      merge: {
        InterviewPanel: { selectionSet: "{ id }", fieldName: "nodes", key: ({ id }) => id, argsFromKeys: (keys) => ({ ids: keys }) },
      },
    },
  ],
});
const panels = await graphql({ schema: gateway, source: "{ bookings { id externalId candidate { id name } } }" });
const batch = requests;
const refused = await graphql({ schema: gateway, source: "mutation { restoreInterviewPanel(input: {id: \"x\"}) { errors { code } } }" });
console.log(JSON.stringify({ panels, requests: batch, refused }));
process.exit(0);
