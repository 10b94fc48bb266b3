#!/usr/bin/env bash
# Given a set of keys, joserfc signs each token by one of them at random, also by the one that was only just published.
#
# Package:  joserfc 1.8.0 (PyPI). Seen on 2026-11-30.
# Guess:    Without a kid in the header the first key signs, or it is an error: which key is in use is a decision.
# Happens:  Of 64 tokens some have the kid of each of the two keys.
# Source:   OpenID Connect Core 1.0, 10.1.1: the signer decides when it begins to use a new key, and signals it by the kid;
#           verifiers fetch the set again when they meet an unfamiliar one.
# Means:    As soon as a new key is in the set, half of the tokens name it, while verifiers that fetch the set only every so
#           often don't have it. Give the one private key to encode(), not the set.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check joserfc==1.8.0

cat > "$dir/look.py" <<'PYTHON'
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

import json
from base64 import urlsafe_b64decode

keys = [OctKey.generate_key(256, {"kid": kid}) for kid in ("in use", "announced")]
tokens = [jwt.encode({"alg": "HS256"}, {"sub": "ann"}, KeySet(keys)) for _ in range(64)]
headers = [json.loads(urlsafe_b64decode(token.split(".")[0] + "==")) for token in tokens]
print("signed by:", sorted({header["kid"] for header in headers}))
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
signed by: ['announced', 'in use']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: joserfc signs by one key." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: both keys sign."
