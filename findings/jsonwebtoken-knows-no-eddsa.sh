#!/usr/bin/env bash
# jsonwebtoken neither signs nor verifies EdDSA, which has been a JWT algorithm since 2017 and which Node's crypto knows.
#
# Package:  jsonwebtoken 9.0.3 (npm); jose 6.2.17 makes the token. Seen on 2026-11-30.
# Guess:    The most used library of its language takes the algorithms that the RFCs have, where the platform can do them.
# Happens:  verify() with the public key says 'invalid algorithm', sign() that algorithm must be a valid string enum value.
#           Allowed by name, the key's type is unknown.
# Source:   RFC 8037 (January 2017), 3.1; Node's crypto.sign() and verify() with Ed25519 keys; PyJWT, joserfc, jose and
#           fast-jwt have it.
# Means:    If the identity provider moves to Ed25519, what is built on jsonwebtoken is out: gateways, bots, Passport
#           strategies. Ask those who read your tokens before you move.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts jsonwebtoken@9.0.3 jose@6.2.17 >&2

cat > "$dir/look.mjs" <<'NODE'
import { generateKeyPairSync } from "node:crypto";
import { SignJWT, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const token = await new SignJWT({ sub: "ann" }).setProtectedHeader({ alg: "EdDSA" }).sign(privateKey);
console.log("jose:", (await jwtVerify(token, publicKey)).payload.sub);
const attempts = {
  verify: () => jsonwebtoken.verify(token, publicKey),
  "verify, allowed": () => jsonwebtoken.verify(token, publicKey, { algorithms: ["EdDSA"] }),
  sign: () => jsonwebtoken.sign({ sub: "ann" }, privateKey, { algorithm: "EdDSA" }),
};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    console.log(`${name}:`, attempt());
  } catch (fault) {
    console.log(`${name}: ${fault.message}`);
  }
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
jose: ann
verify: invalid algorithm
verify, allowed: Unknown key type "ed25519".
sign: "algorithm" must be a valid string enum value
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: jsonwebtoken knows EdDSA." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: EdDSA is an invalid algorithm."
