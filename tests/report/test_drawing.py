"""Charts, heat maps and markup: coordinates of values, and escaping of text."""

import html
import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from handmade import Page
from hypothesis import given
from hypothesis import strategies as st

from seqwright.report import axes, bar_chart, heat_map, history, learning, line_chart, markup

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "</style></title>", "&lt;b&gt;", "' onload='",
           "\u202egnp.exe", "\0\x1b[31m", "]]>", "<!--"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_elements_and_attributes(text):
    page = Page(markup.element("p", text, markup.data(text), title=text))
    assert set(page.tags) == {"p", "bdi"}
    assert [name for _, name, _ in page.attributes] == ["title"]
    assert not {"\u202e", "\0", "\x1b"} & set(page.text)


@given(st.text())
def test_what_is_read_is_what_was_written_but_for_invisible_characters(text):
    page = Page(markup.element("p", text, class_=text))
    shown = html.unescape(markup.escaped(text))
    assert page.text == shown
    assert page.attributes == [("p", "class", shown)]


def test_markup_is_not_escaped_twice():
    inner = markup.element("b", "a & b")
    assert markup.element("p", inner, " < c") == "<p><b>a &amp; b</b> &lt; c</p>"


def test_empty_text_is_named_so_that_it_can_be_seen():
    assert Page(markup.data("")).text == "empty"


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_even_and_inside(low, span):
    found = axes.ticks(low, low + span)
    assert all(low - 1e-6 * span - 1e-6 <= value <= low + span + 1e-6 * span + 1e-6 for value in found)
    assert len(found) <= 7
    steps = [b - a for a, b in itertools.pairwise(found)]
    assert all(step == pytest.approx(steps[0], rel=1e-6) for step in steps)


def drawing(figure):
    """Return the elements of a figure's SVG by name."""
    found = {}
    for element in ElementTree.fromstring(figure).iter():
        found.setdefault(element.tag, []).append(element)
    return found


def test_a_line_goes_through_its_points_in_scale():
    points = [line_chart.Point(1, 10, "one"), line_chart.Point(2, 30, "two", True), line_chart.Point(4, 20, "four")]
    found = drawing(line_chart.line_chart("Title", [points], x_title="epoch", y_title="score", least=0))
    x, y = ([float(dot.get(name)) for dot in found["circle"]] for name in ("cx", "cy"))
    assert (x[0], x[2]) == (axes.LEFT, axes.WIDTH - axes.RIGHT)
    assert (x[2] - x[0]) == pytest.approx(3 * (x[1] - x[0]), abs=0.1)
    assert (y[0] - y[1]) == pytest.approx(2 * (y[0] - y[2]), abs=0.1)
    assert [title.text for title in found["title"]] == ["one", "two", "four"]
    assert [dot.get("class") for dot in found["circle"]] == ["dot", "dot best", "dot"]


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0, 5.0], [0.0, 0.0]])
def test_a_line_without_a_span_is_drawn_inside_the_frame(values):
    points = [line_chart.Point(i, value, "") for i, value in enumerate(values)]
    found = drawing(line_chart.line_chart("Title", [points], x_title="x", y_title="y"))
    assert all(0 <= float(dot.get("cy")) <= axes.HEIGHT for dot in found["circle"])
    assert all(0 <= float(dot.get("cx")) <= axes.WIDTH for dot in found["circle"])


def test_the_height_of_a_bar_is_its_share():
    bars = [bar_chart.Bar("a", 100, 90, 100, 10), bar_chart.Bar("b", 25, 5, 50, 4), bar_chart.Bar("c", 0, 0, 40, 3)]
    found = drawing(bar_chart.bar_chart("Title", bars, x_title="length"))
    heights = [float(bar.get("height")) for bar in found["rect"]]
    assert heights[1] == pytest.approx(heights[0] / 4, abs=0.1)
    assert heights[2] == 0


def test_a_heat_map_shades_each_cell_by_its_value():
    figure = heat_map.heat_map(
        ["r"], ["c", "d"], [[0.2, 0.9]], tooltip=lambda i, j: f"cell {i} {j}", caption=markup.join("caption")
    )
    cells = [value for tag, name, value in Page(figure).attributes if tag == "td" and name == "style"]
    assert cells == ["--heat:20%", "--heat:90%"]
    assert ("td", "title", "cell 0 1") in Page(figure).attributes


def test_only_whole_measurements_are_read(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        '{"type":"started","n_pairs":3}\n'
        '{"type":"measured","epoch":1.0,"loss":2.5,"dev_accuracy":10.0,"dev_ter":80.0,"best":true,"elapsed_s":1.0}\n'
        '{"type":"news","epoch":1.5}\n'
        '{"type":"measured","epoch":2.0,"loss":1.5,"dev_accuracy":20.0,"dev_ter":60.0,"more":[1]}\n'
        '{"type":"measured","epoch":3.0,"lo',
        encoding="utf-8",
    )
    [member] = history.measurements(path)
    assert [(m.epoch, m.loss, m.best) for m in member] == [(1, 2.5, True), (2, 1.5, False)]
    assert history.measurements(tmp_path / "gone") == []


@pytest.mark.parametrize(("token", "shown"), [(" ", "␣"), ("", "∅"), ("a", "a"), ("a b", "a b")])
def test_a_space_and_the_lack_of_a_symbol_can_be_seen(token, shown):
    assert Page(markup.symbol(token)).text == shown


def test_measurements_of_an_ensemble_are_drawn_by_member(tmp_path):
    path = tmp_path / "metrics.jsonl"
    measured = '{"type":"measured","epoch":%d,"loss":1,"dev_accuracy":%d,"dev_ter":1,"best":true}\n'
    begun = '{"type":"begun","member":%d,"of":2}\n'
    path.write_text(begun % 1 + measured % (1, 10) + measured % (2, 20) + begun % 2 + measured % (1, 30))
    members = history.measurements(path)
    assert [[m.dev_accuracy for m in member] for member in members] == [[10, 20], [30]]
    section = learning.learning(members)
    assert section.body.count('class="line"') == 4
    assert "Each line is one of 2 members. Best dev scores of the members: exact match 20.0, 30.0 %." in section.body
