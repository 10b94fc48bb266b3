"""Measures the boxes of a page: which texts overlap, leave their place, or are cut off with no way to read them."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_FAULTS = Path(__file__).with_suffix(".js").read_text()


def faults(page: Page) -> list[str]:
    """What is wrong with the boxes of the page as it is shown now, a line each."""
    measured: Any = page.evaluate(_FAULTS)
    return list(measured)


def faults_by_width(page: Page, widths: tuple[int, ...]) -> dict[int, list[str]]:
    """The same in windows of these widths, where there is any."""
    measured = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        measured[width] = faults(page)
    return {width: each for width, each in measured.items() if each}
