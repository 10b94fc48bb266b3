// Hive Gateway in front of Callboard: the credentials of who asks are handed on.
import { defineConfig } from "@graphql-hive/gateway";

export const gatewayConfig = defineConfig({
  proxy: {
    endpoint: process.env.ENDPOINT,
    // Without credentials no header at all: one that is undefined fails the request within the gateway.
    headers: ({ context: { headers } }) => (headers.authorization ? { authorization: headers.authorization } : {}),
  },
  schema: "./callboard.graphql",
});
