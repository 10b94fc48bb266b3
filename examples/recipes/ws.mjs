// graphql-ws by itself: changes that survive every cut.
//     node ws.mjs http://127.0.0.1:8000/graphql TOKEN
import { connect, fail, FOLLOW, show } from "./resume.mjs";

const [url, token] = process.argv.slice(2);
const client = connect(url, token);

client.subscribe(
  { query: FOLLOW, variables: {} },
  {
    next: ({ data, errors }) => (errors ? fail(errors) : show(data.interviewPanelChanges)),
    error: fail,
    complete: () => fail("the server has nothing more to say"),
  },
);
