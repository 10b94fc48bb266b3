#!/usr/bin/env bash
# An RSA key without alg is one for RS256 alone to PyJWT: a token of PS256, signed by it and allowed by the caller, is
# refused.
#
# Package:  PyJWT 2.15.1 with cryptography 50.0.2 (PyPI). Seen on 2026-11-30.
# Guess:    A key that names no algorithm is good for all that its type can do; which of them are accepted is what the list
#           algorithms=[...] says.
# Happens:  InvalidAlgorithmError: the token's algorithm doesn't match the key's. The same token is good with the bare
#           public key, and with the JWK that says PS256.
# Source:   RFC 7517, 4.4: alg is optional, and tells what a key is intended for where it is given. PyJWT's documentation of
#           decode(): algorithms are the allowed ones.
# Means:    Identity providers may leave alg out (Entra ID does), and some sign by PS256, RS384 or RS512: such sign-ins fail
#           with the right key. Build the PyJWK with the header's alg, once that is among those that you allow for the key's
#           type.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check pyjwt[crypto]==2.15.1 cryptography==50.0.2

cat > "$dir/look.py" <<'PYTHON'
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

private = rsa.generate_private_key(65537, 2048)
public = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
token = jwt.encode({"sub": "ann"}, private, "PS256")
keys = {
    "the bare key": private.public_key(),
    "a JWK of PS256": jwt.PyJWK({**public, "alg": "PS256"}),
    "a JWK without alg": jwt.PyJWK(public),
}
for name, key in keys.items():
    try:
        print(f"{name}: {jwt.decode(token, key, algorithms=['RS256', 'PS256'])}")
    except jwt.InvalidTokenError as fault:
        print(f"{name}: {type(fault).__name__}: {fault}")
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
the bare key: {'sub': 'ann'}
a JWK of PS256: {'sub': 'ann'}
a JWK without alg: InvalidAlgorithmError: Token algorithm 'PS256' does not match the key's algorithm 'RS256'
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: PyJWT takes such a key for PS256 too." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: no alg means RS256."
