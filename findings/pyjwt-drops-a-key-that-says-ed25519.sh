#!/usr/bin/env bash
# PyJWT leaves a key out of a JWK set, without a word, if its alg is Ed25519, the name that RFC 9864 gives to what was
# EdDSA.
#
# Package:  PyJWT 2.15.1 with cryptography 50.0.2 (PyPI). Seen on 2026-11-30.
# Guess:    The new name means the same signature by the same curve: the key is there, and its tokens are good.
# Happens:  PyJWKSet has the key with alg EdDSA and the one without alg, and not the one with alg Ed25519. By itself it
#           raises PyJWKError. So does a token whose header says Ed25519: algorithm not supported.
# Source:   RFC 9864 (October 2025): Ed25519 is the fully specified name, EdDSA is deprecated in its favour. RFC 8037 has
#           the old one.
# Means:    When the identity provider moves to the new name, sign-in stops as if the key were unknown. Read the set
#           yourself and map Ed25519 to EdDSA for keys of that curve, in keys and in headers.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check pyjwt[crypto]==2.15.1 cryptography==50.0.2

cat > "$dir/look.py" <<'PYTHON'
import json

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

private = Ed25519PrivateKey.generate()
public = json.loads(OKPAlgorithm.to_jwk(private.public_key()))
keys = [{**public, "kid": "old", "alg": "EdDSA"}, {**public, "kid": "none"}, {**public, "kid": "new", "alg": "Ed25519"}]
print("in the set:", [key.key_id for key in jwt.PyJWKSet.from_dict({"keys": keys}).keys])
try:
    print(jwt.PyJWK(keys[2]).algorithm_name)
except jwt.PyJWKError as fault:
    print("by itself:", str(fault).split(":")[0])
try:
    print(jwt.encode({"sub": "ann"}, private, "Ed25519")[:3])
except NotImplementedError as fault:
    print("a token of that name:", fault)
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
in the set: ['old', 'none']
by itself: Unable to find an algorithm for key
a token of that name: Algorithm not supported
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: PyJWT knows the name Ed25519." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the key of that name is not in the set."
