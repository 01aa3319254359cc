"""Drawings, and the markup that they are made of."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.evaluate.charts import Column, Part, columns, rate_bar, scale_top, share_bar
from custagent.evaluate.figures import Rate
from custagent.evaluate.markup import joined, tag


def drawn(markup: str, class_: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(markup).iter() if class_ in (one.get("class") or "").split()]


def test_a_bar_is_as_long_as_its_share_with_a_line_over_the_range():
    rate = Rate(count=30, base=120)
    bar = rate_bar(rate, "good")
    low, high = rate.interval
    (fill,) = drawn(bar, "fill")
    assert float(fill.get("width")) == 25
    assert float(drawn(bar, "range")[0].get("x1")) == pytest.approx(100 * low, abs=0.001)
    assert float(drawn(bar, "range")[0].get("x2")) == pytest.approx(100 * high, abs=0.001)


@pytest.mark.parametrize("rate", [Rate(count=0, base=0), Rate(count=9, base=19)])
def test_of_few_nothing_is_drawn(rate):
    assert drawn(rate_bar(rate, "good"), "fill") == []
    assert drawn(rate_bar(rate, "good"), "rest")


def test_bars_are_for_the_eye_only():
    assert ET.fromstring(share_bar(0.5, "good")).get("aria-hidden") == "true"


def test_columns_stand_on_a_common_scale():
    made = columns(
        [
            Column(told="Mon: 3", parts=(Part(kind="good", count=1), Part(kind="bad", count=2))),
            Column(told="Tue: none", parts=(Part(kind="good", count=0),)),
        ],
        named="By day",
    )
    first, second = drawn(made, "fill")
    # The scale ends at 6.
    assert (first.get("y"), second.get("y")) == ("83.333", "50")
    assert [one.text for one in ET.fromstring(made).iter("span")] == ["6", "3", "0"]
    assert [one.text for one in ET.fromstring(made).iter("title")] == ["By day", "Mon: 3", "Tue: none"]


@given(st.integers(0, 10**9))
def test_a_scale_holds_what_is_drawn_and_its_half_is_a_whole_number(most):
    top = scale_top(most)
    assert most <= top <= max(2, 2.6 * most)
    assert top % 2 == 0


@pytest.mark.parametrize(("most", "top"), [(0, 2), (2, 2), (3, 6), (7, 10), (100, 100), (101, 200), (1_583, 2_000)])
def test_scales_are_round(most, top):
    assert scale_top(most) == top


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"])),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"])),
)
def test_whatever_is_named_stays_text(text, value):
    made = ET.fromstring(tag("p", text, tag("b", text), title=value, aria_label=value))
    assert "".join(made.itertext()) == text * 2
    assert (made.get("title"), made.get("aria-label")) == (value, value)


def test_attributes():
    assert tag("meta", charset="utf-8", class_=None) == '<meta charset="utf-8"/>'
    assert tag("rect", x=1 / 3, y=2) == '<rect x="0.333" y="2"></rect>'
    assert joined("<", tag("i", "a & b"), ">") == "&lt;<i>a &amp; b</i>&gt;"
