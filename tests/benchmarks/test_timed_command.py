"""The command's figures are of a command that answers every word."""

from benchmarks import predict


def test_both_figures_are_measured_on_a_real_command(trained, monkeypatch):
    monkeypatch.setattr(predict, "WORDS", 30)
    monkeypatch.setattr(predict, "ROUNDS", 1)
    monkeypatch.setattr(predict, "_words", lambda _: ["abc", "hgf"] * 15)
    rates, cold = predict.measure(steps=1, threads=1, model=str(trained))
    assert rates["ratio"]["median"] > 0
    assert 10 < rates["peak_mb"]["median"] < 1000
    assert cold["beyond_numpy_s"]["median"] < cold["command_s"]["median"]
