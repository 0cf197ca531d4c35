"""Turns alternate, and ratios are those of neighbours."""

from benchmarks import timing


def test_parties_take_turns_with_one_untimed_run_each():
    order = []
    seconds = timing.interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3)
    assert "".join(order) == "aabb" * 3
    assert [len(values) for values in seconds.values()] == [3, 3]


def test_what_a_run_consumes_is_prepared_before_each():
    state = {"ready": False}

    def prepare():
        state["ready"] = True

    def run():
        assert state.pop("ready"), "ran twice on one preparation"

    timing.interleaved({"a": timing.Turn(run, prepare)}, rounds=2)


def test_a_ratio_is_the_median_over_neighbours_not_of_medians():
    assert timing.ratio([2, 20, 3], [1, 10, 3])["median"] == 2
    assert timing.ratio([2, 20, 3], [1, 10, 3])["n"] == 3
