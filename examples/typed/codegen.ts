import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "callboard.graphql",
  documents: "push.graphql",
  generates: {
    "generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      // Enums as types: a value that is new to this client is no fault.
      config: { scalars: { DateTime: "string", URL: "string", TimeZone: "string" }, enumsAsTypes: true, useTypeImports: true },
    },
  },
};

export default config;
