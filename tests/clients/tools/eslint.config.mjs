// The examples under all that graphql-eslint recommends for operations, and the schema under what it recommends for schemas.
import graphql from "@graphql-eslint/eslint-plugin";

const { configs, parser } = graphql;
const parserOptions = { graphQLConfig: { schema: "callboard.graphql", documents: "operations/*.graphql" } };

export default [
  {
    files: ["operations/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser, parserOptions },
    rules: { ...configs["flat/operations-recommended"].rules },
  },
  {
    files: ["callboard.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser, parserOptions },
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      // Pages, edges, payloads and what is a part of another object have no id.
      "@graphql-eslint/strict-id-in-types": "off",
      // Short lists come whole, such as the interviewers of an interview; and changes are no nodes.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // The contract's own: `Interview.interviewers`, and the log of panels, which goes forwards; `changes` goes both ways.
      "@graphql-eslint/no-typename-prefix": "off",
      "@graphql-eslint/relay-arguments": "off",
    },
  },
];
