// A certified OpenID provider with one client, Callboard's console, for the tests: whoever signs in is who they say.
// Its settings come as JSON in the first argument: port, redirectUri, home, idTokenSeconds.

import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const { port, redirectUri, home, idTokenSeconds } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "callboard",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [home],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  scopes: ["openid", "email", "profile", "offline_access"],
  // A refresh token counts once: using an old one again ends the grant.
  rotateRefreshToken: true,
  ttl: { IdToken: idTokenSeconds, AccessToken: 60, Grant: 3600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
  features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: !id.includes("+") }) }),
});

// What tests ask of it: how often a token was asked for, and by what grant.
const grants = [];
provider.on("grant.success", ({ oidc }) => grants.push(oidc.params.grant_type));
provider.on("grant.error", ({ oidc }, error) => grants.push(`${oidc.params?.grant_type}: ${error.message}`));

createServer((request, response) => {
  if (request.url === "/grants") response.end(JSON.stringify(grants));
  else provider.callback()(request, response);
}).listen(port, "127.0.0.1", () => console.log("ready"));
