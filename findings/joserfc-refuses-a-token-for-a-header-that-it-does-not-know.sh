#!/usr/bin/env bash
# joserfc refuses a good token because its header has a parameter that no RFC registers, though it isn't marked as critical.
#
# Package:  joserfc 1.8.0 (PyPI); PyJWT 2.15.1 makes the token. Seen on 2026-11-30.
# Guess:    A parameter that isn't understood is passed over, unless crit names it.
# Happens:  UnsupportedHeaderError: Unsupported {'signer'} in header. PyJWT takes the same token.
# Source:   RFC 7515, 4: 'Unless listed as a critical Header Parameter, per Section 4.1.11, all Header Parameters not
#           defined by this specification MUST be ignored when not understood.'
# Means:    Gateways and clouds add such parameters (signer, client, nonce): sign-in fails for the whole provider, and not
#           for a fault of the token. Name them in the registry, or switch its strictness off.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check joserfc==1.8.0 pyjwt==2.15.1

cat > "$dir/look.py" <<'PYTHON'
import jwt as pyjwt
from joserfc import errors, jwt
from joserfc.jwk import OctKey

secret = "a secret of thirty-two bytes, no less"
key = OctKey.import_key(secret)
for more in ({}, {"signer": "gateway"}):
    token = pyjwt.encode({"sub": "ann"}, secret, "HS256", headers=more)
    try:
        print(more, "joserfc:", jwt.decode(token, key).claims)
    except errors.JoseError as fault:
        print(more, f"joserfc: {type(fault).__name__}: {fault}")
    print(more, "PyJWT:  ", pyjwt.decode(token, secret, algorithms=["HS256"]))
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
{} joserfc: {'sub': 'ann'}
{} PyJWT:   {'sub': 'ann'}
{'signer': 'gateway'} joserfc: UnsupportedHeaderError: unsupported_header: Unsupported {'signer'} in header
{'signer': 'gateway'} PyJWT:   {'sub': 'ann'}
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: joserfc passes over the parameter." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: an unknown parameter of the header is an error."
