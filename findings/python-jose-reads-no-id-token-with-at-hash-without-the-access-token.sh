#!/usr/bin/env bash
# python-jose refuses an ID token that has an at_hash unless it is given the access token as well.
#
# Package:  python-jose 3.5.0 (PyPI). Seen on 2026-11-30.
# Guess:    The hash is for whoever wants to check the access token by it; who has none of it reads the ID token all the
#           same.
# Happens:  JWTClaimsError: No access_token provided to compare against at_hash claim. Without the claim the token is good.
# Source:   OpenID Connect Core 1.0, 3.1.3.6: at_hash is optional with the code flow; 3.1.3.8: the client MAY use it to
#           validate the access token.
# Means:    A service that gets just the ID token from its front end works with one provider and fails with the next, which
#           adds the claim. Say verify_at_hash: False there.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check python-jose==3.5.0

cat > "$dir/look.py" <<'PYTHON'
from jose import jwt
from jose.exceptions import JWTClaimsError

secret = "a secret of thirty-two bytes, no less"
claims = {"sub": "ann", "aud": "scheduler"}
for more in ({}, {"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}):
    token = jwt.encode({**claims, **more}, secret, "HS256")
    for options in ({}, {"verify_at_hash": False}):
        try:
            print(sorted(more), options, jwt.decode(token, secret, "HS256", audience="scheduler", options=options)["sub"])
        except JWTClaimsError as fault:
            print(sorted(more), options, "JWTClaimsError:", fault)
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
[] {} ann
[] {'verify_at_hash': False} ann
['at_hash'] {} JWTClaimsError: No access_token provided to compare against at_hash claim.
['at_hash'] {'verify_at_hash': False} ann
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: python-jose reads such a token." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: at_hash needs the access token."
