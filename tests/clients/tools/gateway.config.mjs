// Hive Gateway in front of Callboard: who asks is handed on.
import { defineConfig } from "@graphql-hive/gateway";

export const gatewayConfig = defineConfig({
  proxy: { endpoint: process.env.ENDPOINT, headers: ({ context }) => ({ authorization: context?.headers?.authorization }) },
  schema: "./callboard.graphql",
});
