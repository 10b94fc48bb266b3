"""What a run of the simulator came to, in numbers and in lines for a person."""

from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass
class Report:
    """What was sent, what came back, and all that is not as it was meant."""

    sent: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    milliseconds: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    "The newest answers' latencies."
    events: int = 0
    "Events on people's calendars, and the feedback links that were in them."
    links: int = 0
    astray: int = 0
    "Events on calendars of people whose they are not."
    panels: int = 0
    "Panels whose final state was read back."
    faults: list[str] = field(default_factory=list)
    "A line for each thing that was not as it was meant."

    @property
    def ok(self) -> bool:
        return not self.faults

    def percentile(self, part: float) -> float:
        """The latency in milliseconds that `part` of the answers stayed within."""
        ordered = sorted(self.milliseconds) or [0.0]
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    @property
    def _astray(self) -> str:
        return f"{self.astray} NOT of those who keep them" if self.astray else "nobody keeps one that is not theirs"

    def __str__(self) -> str:
        rows = [
            ("sent", counted(self.sent)),
            ("came back", counted(self.outcomes)),
            ("warnings", counted(self.warnings)),
            ("errors", counted(self.errors)),
            ("sent again", counted(self.retries)),
            ("latency", f"p50 {self.percentile(0.5):.1f} ms, p99 {self.percentile(0.99):.1f} ms"),
            ("calendars", f"{self.events} events, {self.links} feedback links, {self._astray}"),
            ("panels", f"{self.panels} read back, {'all as meant' if self.ok else 'NOT all as meant'}"),
        ]
        return "\n".join([*(f"{name:<10}  {text}" for name, text in rows), *(f"! {fault}" for fault in self.faults)])


def counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
