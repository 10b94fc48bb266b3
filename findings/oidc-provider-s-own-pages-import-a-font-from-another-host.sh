#!/usr/bin/env bash
# The built-in sign-in page of oidc-provider, on loopback and for development, imports a font from another host.
#
# Packages: oidc-provider@9.13.3 (Node 20)
# Date: 2026-12-01
# One would guess: The pages of a provider on loopback need nothing but that provider, so that a browser test of a
#   sign-in works on a machine without a network, and nobody else learns of it.
# What happens: The style sheet of each page begins with an @import from a font host.
# Why the guess is a good one: The page has one form and no script, is served by the library itself, and the interactions
#   are documented as the quick start that is to be replaced before production.
# What it means for a GraphQL service: A browser draws nothing before imported style sheets are there or have failed, so
#   that where packets to other hosts are dropped, a test of a sign-in waits in front of a blank page, now and then for
#   longer than its limit. Let the test's browser abort requests to other hosts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --silent --no-audit --no-fund oidc-provider@9.13.3 >> npm.log
cat > page.mjs <<'JS'
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

console.warn = () => {}; // it says that these pages are for development
const server = createServer().listen(0, "127.0.0.1", async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const redirect = `${issuer}/back`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "app", token_endpoint_auth_method: "none", redirect_uris: [redirect] }],
  });
  server.on("request", provider.callback());
  const asked = new URLSearchParams({
    client_id: "app", response_type: "code", scope: "openid", redirect_uri: redirect,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  const sent = await fetch(`${issuer}/auth?${asked}`, { redirect: "manual" });
  const cookies = sent.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ");
  const page = await fetch(new URL(sent.headers.get("location"), issuer), { headers: { cookie: cookies } });
  const text = await page.text();
  const hosts = [...text.matchAll(/@import url\(https:\/\/([^/)]+)/g)].map((match) => match[1]);
  console.log(JSON.stringify({ status: page.status, form: text.includes('name="login"'), importsFrom: hosts }));
  server.close();
  server.closeAllConnections();
});
JS
seen=$(node page.mjs 2> node.log | tail -n 1)
echo "$seen"
[ "$seen" = '{"status":200,"form":true,"importsFrom":["fonts.googleapis.com"]}' ] || { echo "This has changed."; exit 1; }
