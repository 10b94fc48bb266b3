"""Rounds: contenders take turns, and the median of each round's ratio counts, so that a noisy machine evens out."""

import argparse
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from benchmarks.contenders import OURS

#: A contender's figures of one round, by their heading.
Figures = dict[str, float]


#: The figures of every round, by contender.
Results = dict[str, list[Figures]]


class Named(Protocol):
    @property
    def name(self) -> str: ...


AnyNamed = TypeVar("AnyNamed", bound=Named)


async def taken(contenders: Sequence[AnyNamed], rounds: int, turn: Callable[[AnyNamed], Awaitable[Figures]]) -> Results:
    """So many rounds of a turn each, every round beginning with another contender."""
    results: Results = {each.name: [] for each in contenders}
    for number in range(rounds):
        first = number % len(contenders)
        for each in [*contenders[first:], *contenders[:first]]:
            results[each.name].append(await turn(each))
    return results


def table(title: str, results: Results, ratios: Mapping[str, Callable[[float, float], float]]) -> str:
    """Markdown: the median of every figure, and for some headings the median ratio of ours to theirs."""
    ours = results[next(name for name in results if name.startswith(OURS))]
    headings = list(ours[0])
    columns = [title, *headings, *(f"{heading}: ours" for heading in ratios)]
    lines = [f"| {' | '.join(columns)} |", f"|---|{'--:|' * (len(columns) - 1)}"]
    for name, figures in results.items():
        cells = [_plain(statistics.median(each[heading] for each in figures)) for heading in headings]
        for heading, better in ratios.items():
            ratio = statistics.median(
                better(mine[heading], theirs[heading]) for mine, theirs in zip(ours, figures, strict=True)
            )
            cells.append("" if figures is ours else f"{ratio:.2f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def more(ours: float, theirs: float) -> float:
    """How many times as much we do."""
    return ours / theirs


def less(ours: float, theirs: float) -> float:
    """How many times as much they take."""
    return theirs / ours if ours else float("inf")


def _plain(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" if figure >= 10 else f"{figure:.3g}"


def canonical(answer: Any) -> Any:
    """An answer's data without what contenders may write differently: instants as such."""
    match answer:
        case dict():
            return {name: canonical(value) for name, value in answer.items()}
        case list():
            return [canonical(value) for value in answer]
        case str() if len(answer) > 18 and answer[4] == answer[7] == "-" and answer[10] in "T ":
            return datetime.fromisoformat(answer)
    return answer


def leaves(answer: object) -> int:
    """How many there are in an answer."""
    below = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else None
    return 1 if below is None else sum(map(leaves, below))


def arguments(about: str | None, rounds: int, seconds: float = 0) -> argparse.Namespace:
    """What a benchmark is started with."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=float, default=seconds, help="of each contender's turn")
    parser.add_argument("--quick", action="store_true", help="a smoke run over little data")
    return parser.parse_args()
