#!/usr/bin/env bash
# PyJWT refuses a token whose iat is still to come, without any leeway, as if it were nbf.
#
# Package:  PyJWT 2.15.1 (PyPI); python-jose 3.5.0 for comparison. Seen on 2026-11-30.
# Guess:    iat tells how old a token is, nbf from when on it is good: a clock that is half a minute behind matters for nbf
#           only.
# Happens:  ImmatureSignatureError: The token is not yet valid (iat), at half a minute; with leeway=60 it is good.
#           python-jose takes it as it is, and so do jose and jsonwebtoken.
# Source:   RFC 7519, 4.1.6: iat 'can be used to determine the age of the JWT'; only nbf (4.1.5) has words about not
#           accepting it before, with 'some small leeway'.
# Means:    Some sign-ins fail for the first seconds, on the servers whose clock is behind, and nobody can repeat it. Give a
#           leeway.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check pyjwt==2.15.1 python-jose==3.5.0

cat > "$dir/look.py" <<'PYTHON'
import time

import jwt
from jose import jwt as jose

secret = "a secret of thirty-two bytes, no less"
now = int(time.time())
token = jwt.encode({"sub": "ann", "iat": now + 30, "exp": now + 3600}, secret, "HS256")
for leeway in (0, 60):
    try:
        print(f"PyJWT, leeway {leeway}:", jwt.decode(token, secret, algorithms=["HS256"], leeway=leeway)["sub"])
    except jwt.InvalidTokenError as fault:
        print(f"PyJWT, leeway {leeway}: {type(fault).__name__}: {fault}")
print("python-jose:", jose.decode(token, secret, "HS256")["sub"])
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PyJWT, leeway 0: ImmatureSignatureError: The token is not yet valid (iat)
PyJWT, leeway 60: ann
python-jose: ann
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: PyJWT takes it." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: a time of issue half a minute ahead is refused."
