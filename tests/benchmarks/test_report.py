from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks.chart import chart
from benchmarks.machine import Machine
from benchmarks.report import report
from benchmarks.results import Figure, Promise, at_least, at_most, below

READ = Figure("Read", 0.8, "of bare", at_least(0.75), rate=9000.0, next_auth=(646.0, 756.0))
CLICK = Figure("Click", 12.0, "ms", at_most(10), next_auth=(20.0, 20.0))
BARE = Figure("Bare <route>", 1.0, "of bare", rate=12000.0)
SVG = "{http://www.w3.org/2000/svg}"
MACHINE = Machine("2030-01-02", "abc", 2, "A CPU", 8, "3.11.0", "Linux 6")


@pytest.mark.parametrize(
    ("promise", "kept", "broken"),
    [(at_least(2), 2.0, 1.9), (at_most(2), 2.0, 2.1), (below(2), 1.9, 2.0)],
)
def test_a_promise_is_kept_up_to_its_limit(promise: Promise, kept: float, broken: float) -> None:
    assert Figure("", kept, "", promise).is_met is True
    assert Figure("", broken, "", promise).is_met is False
    assert Figure("", broken, "").is_met is None


def test_the_report_says_plainly_what_is_not_kept() -> None:
    page = report({"One": [BARE, READ], "Two": [CLICK]}, MACHINE, "So it was.")
    assert "Promises kept: 1 of 2. Not kept:\n\n- Click: 12.0 ms, promised ≤ 10\n" in page
    assert "| Read | 0.80 of bare | ≥ 0.75 | yes | 9,000 | 646 to 756/s |\n" in page
    assert "| Click | 12.0 ms | ≤ 10 | **no** | 20 ms |\n" in page
    assert "2030-01-02, commit abc: 2 cores\n(A CPU), 8 GB" in page


def test_the_report_says_when_all_is_kept() -> None:
    assert "Promises kept: 1 of 1.\n" in report({"One": [BARE, READ]}, MACHINE, "")


def elements(figures: list[Figure], name: str) -> list[ET.Element]:
    return list(ET.fromstring(chart(figures)).iter(SVG + name))


def test_the_chart_shows_what_is_known_of_next_auth() -> None:
    texts = {"".join(text.itertext()) for text in elements([BARE, READ, CLICK], "text")}
    assert {"Read", "9,000/s", "646 to 756/s", "Click", "12.0 ms", "20 ms"} <= texts
    assert "Bare <route>" not in texts


def test_longer_bars_are_of_larger_figures() -> None:
    widths = [float(bar.get("width", 0)) for bar in elements([READ], "rect")]
    key, bars = widths[:2], widths[2:]
    assert key == [12, 12]
    assert bars[0] / bars[1] == pytest.approx(9000 / 756, rel=0.05)


def test_this_machine_is_described_without_its_name() -> None:
    machine = Machine.here()
    assert machine.cores >= 1
    assert machine.memory >= 1
    assert "/" not in machine.commit
