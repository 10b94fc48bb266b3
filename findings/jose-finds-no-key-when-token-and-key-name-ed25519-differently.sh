#!/usr/bin/env bash
# jose knows EdDSA and Ed25519 alike, but takes them for two algorithms: with one in the token and the other in its key, no
# key fits.
#
# Package:  jose 6.2.17 (npm). Seen on 2026-11-30.
# Guess:    A key of curve Ed25519 verifies a token of EdDSA and of Ed25519, whichever of the two names stands where: they
#           are one signature.
# Happens:  ERR_JWKS_NO_MATCHING_KEY in both mixed cases, though kid, kty and crv fit. With no alg in the key, both tokens
#           are good.
# Source:   RFC 9864: Ed25519 and EdDSA with that curve are the same algorithm; RFC 7517, 4.4: alg is optional. A provider
#           changes its keys and its tokens at two moments, since sets are cached.
# Means:    Between the two moments nobody gets in. As a provider, leave alg out of such keys while you rename; as a
#           service, strip it from them.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts jose@6.2.17 >&2

cat > "$dir/look.mjs" <<'NODE'
import { SignJWT, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";

const { privateKey, publicKey } = await generateKeyPair("Ed25519");
const key = { ...(await exportJWK(publicKey)), kid: "1" };
for (const token of ["EdDSA", "Ed25519"]) {
  for (const named of ["EdDSA", "Ed25519", undefined]) {
    const signed = await new SignJWT({ sub: "ann" }).setProtectedHeader({ alg: token, kid: "1" }).sign(privateKey);
    const set = createLocalJWKSet({ keys: [named ? { ...key, alg: named } : key] });
    const told = await jwtVerify(signed, set).then(() => "good", (fault) => fault.code);
    console.log(`token ${token}, key ${named ?? "without alg"}: ${told}`);
  }
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
token EdDSA, key EdDSA: good
token EdDSA, key Ed25519: ERR_JWKS_NO_MATCHING_KEY
token EdDSA, key without alg: good
token Ed25519, key EdDSA: ERR_JWKS_NO_MATCHING_KEY
token Ed25519, key Ed25519: good
token Ed25519, key without alg: good
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: jose lets the two names stand for each other." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the names must be equal, or there is no key."
