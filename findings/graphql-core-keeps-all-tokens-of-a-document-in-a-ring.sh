#!/usr/bin/env bash
# graphql-core's parsed documents hold every token of their text, linked in rings: a document that is let go stays in
# memory until a full garbage collection.
#
# Packages: graphql-core==3.3.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: A document is a tree of nodes; when the last reference to it goes, so does its memory, as in any
#   cache of parsed documents with a bound.
# What happens: Each node's `loc` has `start_token` and `end_token`, and tokens know the one before and the one behind
#   (`prev`, `next`). One node keeps the whole list alive, and the list is a cycle, which reference counts never free.
#   Old documents are in the oldest generation, which is collected rarely, and hardly ever with higher thresholds.
# Why the guess is a good one: graphql-js has the same list, where a cycle costs nothing; the docs call `loc` "the place
#   in the source", and nodes have no parent.
# What it means for a GraphQL service: A process that sees many different documents grows by kilobytes for each, though
#   its cache is bounded; no_location=True keeps no token, and leaves the ring all the same. Let a Lexer of one's own cut
#   `prev`, and a Parser of one's own make locations without tokens: lines and columns of errors need none.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  graphql-core==3.3.2

cat >probe.py <<'EOF'
import gc

from graphql import Lexer, Source, Token, parse
from graphql.language import parser as graphql_parser


def tokens() -> int:
    return sum(isinstance(each, Token) for each in gc.get_objects())


def left_by(make) -> str:
    gc.collect()
    gc.disable()
    before = tokens()
    document = make("{ me { name } }")
    alive = tokens() - before
    del document
    dropped = tokens() - before
    gc.collect()
    return f"{alive} while it is used, {dropped} once it is dropped, {tokens() - before} after a collection"


class Forward(Lexer):
    def lookahead(self):
        token, last = self.token, super().lookahead()
        while token is not last and token.next is not None:
            token = token.next
            token.prev = None
        return last


class Parser(graphql_parser.Parser):
    def loc(self, start_token):
        location = super().loc(start_token)
        del location.start_token, location.end_token
        return location


print("parse:", left_by(parse))
print("no_location:", left_by(lambda text: parse(text, no_location=True)))
print("without rings:", left_by(lambda text: Parser(text, lexer=Forward(Source(text))).parse_document()))
EOF

cat >expected <<'EOF'
parse: 8 while it is used, 8 once it is dropped, 0 after a collection
no_location: 8 while it is used, 8 once it is dropped, 0 after a collection
without rings: 0 while it is used, 0 once it is dropped, 0 after a collection
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-core keeps tokens differently from what was recorded"; exit 1; }
echo "As recorded: a dropped document's tokens stay until a collection."
