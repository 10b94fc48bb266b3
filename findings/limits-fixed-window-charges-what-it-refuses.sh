#!/usr/bin/env bash
# limits' fixed window charges the cost of what it refuses: after one refusal that was too dear, cheap requests are
# refused too.
#
# Packages: limits==5.8.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: hit(cost=7) with 3 left is refused and takes nothing, so that a hit of 1 still passes, as in the
#   library's two other strategies.
# What happens: FixedWindowRateLimiter adds the cost first and compares then: the refusal uses up the window, and
#   everything is refused until its end. MovingWindow and SlidingWindowCounter leave the counter alone.
# Why the guess is a good one: The documentation of hit(), the same for all strategies: it returns `True if cost
#   could be deducted from the rate limit without exceeding it`; with False one takes it that nothing was deducted.
# What it means for a GraphQL service: With costs per operation one expensive query locks a client out for the rest
#   of the window. Use test() before hit(), or count by yourself and subtract what was refused.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  limits==5.8.0

cat >probe.py <<'EOF'
from limits import parse, storage, strategies

for strategy in (
    strategies.FixedWindowRateLimiter,
    strategies.MovingWindowRateLimiter,
    strategies.SlidingWindowCounterRateLimiter,
):
    limiter, rate = strategy(storage.MemoryStorage()), parse("10/hour")
    hits = [f"cost {cost}: {limiter.hit(rate, 'key', cost=cost)}" for cost in (7, 7, 1)]
    print(f"{strategy.__name__}: {', '.join(hits)}, left {limiter.get_window_stats(rate, 'key').remaining}")
EOF

cat >expected <<'EOF'
FixedWindowRateLimiter: cost 7: True, cost 7: False, cost 1: False, left 0
MovingWindowRateLimiter: cost 7: True, cost 7: False, cost 1: True, left 2
SlidingWindowCounterRateLimiter: cost 7: True, cost 7: False, cost 1: True, left 2
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: limits charges refused hits differently from what was recorded"; exit 1; }
echo "As recorded: only the fixed window charged the refusal."
