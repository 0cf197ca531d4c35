"""The gradient checks fail where a layer is wrong: each fault below is planted and has to be caught."""

from collections.abc import Callable
from types import ModuleType

import layer_checks as layers
import numpy as np
import pytest

from seqwright import kernels
from seqwright.kernels import reference
from seqwright.kernels.reference import attention as attention_kernels
from seqwright.nn import affine, attention, copying, cross_entropy, dropout, embedded_lstm, embedding, lstm, tied_affine
from seqwright.testing.faults import Fault, with_fault

pytestmark = pytest.mark.faults


def check_lstms() -> None:
    for reverse in (False, True):
        layers.check_lstm(np.random.default_rng(0), 5, 4, 3, 3, [5, 3, 1, 0], reverse)


def check_embedded_lstms() -> None:
    for reverse in (False, True):
        layers.check_embedded_lstm(np.random.default_rng(0), 3, 5, 4, 3, 3, [5, 3, 1, 0], reverse)


def check_attentions() -> None:
    for score in attention.SCORES:
        for distance in (False, True):
            layers.check_attention(np.random.default_rng(0), 3, 4, 5, 3, 3, [5, 3, 1, 0], score, distance)


def check_cross_entropies() -> None:
    for smoothing in (0.0, 0.1):
        layers.check_cross_entropy(np.random.default_rng(0), 5, 3, 7, [5, 1, 3], smoothing)


def check_copyings() -> None:
    for smoothing in (0.0, 0.1):
        layers.check_copying(np.random.default_rng(0), 5, 3, 4, 6, [5, 1, 3], smoothing)


def check_affines() -> None:
    layers.check_affine(np.random.default_rng(0), (3, 5, 4), 4, bias=True)


def check_tied_affines() -> None:
    layers.check_tied_affine(np.random.default_rng(0), (3, 5, 4), 4)


def check_embeddings() -> None:
    layers.check_embedding(np.random.default_rng(0), 5, 3, 4, 3)


def check_dropouts() -> None:
    layers.check_dropout(np.random.default_rng(0), 3, 5, 7, 0.4)


def check_tanhs() -> None:
    layers.check_tanh(np.random.default_rng(0), (3, 5))


JOINED = """both[:, :, M:] = h
    context = both[:, :, :M]"""


OF_ANY_ATTENTION = [
    Fault("dmemory is set, not added", "dmemory +=", "dmemory[:] ="),
    Fault("the bias gets the gradient of one sequence", "dbias += dscore.sum(axis=0)", "dbias += dscore[0]"),
]
OF_A_LOSS = [
    Fault("padding is ignored", ">= lengths] = 0", ">= lengths] *= 1"),
    Fault("smoothing is ignored", "-= smoothing / V *", "-= 0 *"),
]
COUNT = 'n_symbols(len(probs), cache["lengths"])'
OVER_ALL = "mean over the padding too"
FAULTS: dict[tuple[Callable[[], None], ModuleType, str], list[Fault]] = {
    (check_lstms, kernels, "lstm_backward"): [
        Fault("h_t for h_{t-1} in dWh", "h[1:] if reverse else h[:-1]", "h[:-1] if reverse else h[1:]"),
        Fault("h_{t-1} of the other direction in dWh", "h[1:] if reverse else h[:-1]", "h[:-1]"),
        Fault("no forget gate on the way of dc", "np.copyto(dc_end, dc * f,", "np.copyto(dc_end, dc,"),
        Fault("dc does not reach the step before", "np.copyto(dc_end, dc * f,", "np.copyto(dc_end, 0 * dc,"),
        Fault("dc of the step behind is forgotten", "dc = dc_end + dh_end * o", "dc = dh_end * o"),
        Fault("c_t for c_{t-1} in df", "dc * c[before] * f * (1 - f)", "dc * c[after] * f * (1 - f)"),
        Fault("dh of the step behind is forgotten", "dh_end += dh[t]", "dh_end[:] = dh[t]"),
        Fault("dh from above is forgotten", "dh_end += dh[t]", "pass"),
        Fault("padding is ignored in da", "da *= live", "pass"),
        Fault("padding is ignored in dh", "da @ Wh.T, where=live)", "da @ Wh.T)"),
        Fault("padding is ignored in dc", "dc * f, where=live)", "dc * f)"),
        Fault("tanh' of the cell is wrong", "(1 - tanh_c**2)", "(1 - tanh_c)"),
        Fault("tanh' of the candidate is wrong", "(1 - g**2)", "g * (1 - g)"),
        Fault("sigmoid' of the input gate is wrong", "dc * g * i * (1 - i)", "dc * g * (1 - i)"),
        Fault("c for tanh c in do", "dh_end * tanh_c * o * (1 - o)", "dh_end * c[after] * o * (1 - o)"),
        Fault("gates in another order", "i, f, g, o = np.split", "i, f, o, g = np.split"),
        Fault("steps in the order of the forward", "in reversed(steps(T, reverse))", "in steps(T, reverse)"),
        Fault("db of one step only", "db += da_rows.sum(axis=0)", "db += gates[0].sum(axis=0)"),
        Fault("db is set, not added", "db += da_rows", "db[:] = da_rows"),
        Fault("dWx is set, not added", "dWx += x", "dWx[:] = x"),
        Fault("dWh is set, not added", "dWh += h_before", "dWh[:] = h_before"),
        Fault("dWx of one step only", "dWx += x.reshape(T * B, D).T @ da_rows", "dWx += x[0].T @ gates[0]"),
    ],
    (check_lstms, kernels, "lstm_forward"): [  # the backward, which is right, no longer fits
        Fault("padding is ignored", "if padded.any():", "if False:"),
        Fault("c does not pass through the padding", "c[after, padded] = c[before, padded]", "c[after, padded] = 0"),
        Fault("no tanh on the cell", "o * np.tanh(c[after])", "o * c[after]"),
        Fault("the forget gate is not used", "f * c[before] + i * g", "c[before] + i * g"),
    ],
    (check_lstms, lstm, "_begin"): [
        Fault("h and c of the start are swapped", "h[first], c[first] =", "c[first], h[first] ="),
    ],
    (check_lstms, lstm, "_ended"): [
        Fault("the end of reverse is its start", "State(h[0], c[0])", "State(h[-1], c[-1])"),
    ],
    (check_lstms, lstm, "_begin_backward"): [
        Fault("dh and dc of the end are swapped", "dstate.h[:], dstate.c[:] =", "dstate.c[:], dstate.h[:] ="),
        Fault("gradient of the end is forgotten", "if dend is None", "if True"),
    ],
    (check_embedded_lstms, kernels, "lstm_backward"): [
        Fault("a symbol that comes twice counts once", "np.add.at(db, ids.reshape(-1), da_rows)", "db[ids] += gates"),
    ],
    (check_embedded_lstms, embedded_lstm, "_begin_backward"): [
        Fault("the table's gradient is not cleared", "kernels.clear(dtable)", "dtable[:] = 1"),
    ],
    (check_embedded_lstms, embedded_lstm, "_end_backward"): [
        Fault("dE is set, not added", "dE += rows", "dE[:] = rows"),
    ],
    (check_attentions, attention_kernels, "masked_softmax_"): [
        Fault("padding of the memory has weights", "= -np.inf\n", "+= 0\n"),
    ],
    (check_attentions, attention_kernels, "score_gradients"): [
        Fault("softmax' without its subtraction", "w * (dw - (dw * w).sum(axis=2, keepdims=True))", "w * dw"),
        Fault("what arrives at the weights is forgotten", "dw += dweights.transpose(1, 0, 2)", "pass"),
    ],
    (check_attentions, kernels, "attention_backward"): [
        Fault("memory gets nothing as a value", "w.transpose(0, 2, 1) @ d + ", ""),
        Fault("memory gets nothing as a key", " + dscore.transpose(0, 2, 1) @ q.transpose(1, 0, 2)", ""),
        *OF_ANY_ATTENTION,
        Fault("dq from the weights instead of dscore", "dq[:] = (dscore @", "dq[:] = (w @"),
    ],
    (check_attentions, kernels, "additive_attention_forward"): [  # the backward, which is right, no longer fits
        Fault("no tanh in the score", "np.tanh(q[t] + keys)", "(q[t] + keys)"),
        Fault("padding of the memory has weights", "_softmax_(score, lengths)", "_softmax_(score, 9 + lengths)"),
    ],
    (check_attentions, kernels, "additive_attention_backward"): [
        Fault("no square in tanh'", "(1 - u * u)", "(1 - u)"),
        Fault("v is forgotten", "da = d * v *", "da = d *"),
        Fault("keys get the gradient of one step only", "dkeys += da", "dkeys[:] = da"),
        Fault("what the keys' gradient held stays", "dkeys[:] = 0", "dkeys[:] = 1"),
        Fault("dq from one key only", "da.sum(axis=0)", "da[0]"),
        Fault("dv from the sum before tanh", "dv += (d * u)", "dv += (d * (q[t] + keys))"),
        Fault("memory gets nothing as a value", 'dmemory += np.einsum("tbs,tbm->sbm", weights, dcontext)', "pass"),
        *OF_ANY_ATTENTION,
    ],
    (check_attentions, attention, "forward"): [
        Fault("context and h are swapped", JOINED, JOINED.replace("[:, :, M:]", "[:, :, :H]").replace(":M]", "H:]")),
    ],
    (check_attentions, attention, "backward"): [
        Fault("context and h are swapped", "dcontext, dh = dboth", "dh, dcontext = dboth"),
        Fault("a distance that comes twice counts once",
              'np.add.at(grads.distance, cache["places"], dbias)', 'grads.distance[cache["places"]] += dbias'),
        Fault("no tanh' at the output", 'cache["out"]', '0 * cache["out"]'),
    ],
    (check_attentions, attention, "dot.backward"): [
        Fault("h gets nothing as a query", "dh += _dq(", "(lambda *_: None)("),
    ],
    (check_attentions, attention, "bilinear.backward"): [
        Fault("h gets nothing as a query", 'cache.of("query"), dx=dh)', 'cache.of("query"), dx=0 * dh)'),
    ],
    (check_attentions, attention, "additive.backward"): [
        Fault("h gets nothing as a query", 'cache.of("query"), dx=dh)', 'cache.of("query"), dx=0 * dh)'),
        Fault("memory gets nothing as a key", "dx=dmemory)", "dx=0 * dmemory)"),
    ],
    (check_cross_entropies, kernels, "cross_entropy_forward"): OF_A_LOSS,
    (check_cross_entropies, kernels, "cross_entropy_backward"): [
        Fault("smoothing is ignored for the others", "np.subtract(probs, smoothing / V,", "np.subtract(probs, 0,"),
        Fault("smoothing is ignored for the target", "-= 1 - smoothing", "-= 1"),
        Fault("the target is not subtracted", "-= 1 - smoothing", "-= 0"),
        Fault("padding is ignored", ">= lengths] = 0", ">= lengths] *= 1"),
        Fault("the upstream gradient is ignored", "dlogits *= scale", "dlogits *= 1 / lengths.sum()"),
    ],
    (check_cross_entropies, cross_entropy, "backward"): [Fault(OVER_ALL, COUNT, "probs[..., 0].size")],
    (check_copyings, kernels, "copy_cross_entropy_forward"): OF_A_LOSS,
    (check_copyings, kernels, "copy_cross_entropy_backward"): [
        Fault("w does not depend on the weights", "dcopied = gamma * total / w - by_copying", "dcopied = -by_copying"),
        Fault("what cannot be copied has a gradient", "np.where(ids >= 0,", "np.where(True,"),
        Fault("no σ' at the gate", "dgate[:] = np.exp(_log_sigmoid(-gate))[:, :, 0] *", "dgate[:] ="),
        Fault("generating gets the whole symbol", "wanted * w * probs / mixture, wanted)", "wanted, wanted)"),
        Fault("the softmax takes all from the logits", "np.subtract(probs * total,", "np.subtract(probs,"),
    ],
    (check_copyings, copying, "backward"): [Fault(OVER_ALL, "cross_entropy." + COUNT, "probs[..., 0].size")],
    (check_embeddings, kernels, "embedding_backward"): [
        Fault("repeated ids are assigned, not added",
              "np.add.at(dW, ids.reshape(-1), dout.reshape(ids.size, dW.shape[1]))", "dW[ids] += dout"),
    ],
    (check_embeddings, embedding, "backward"): [
        Fault("rows of other ids", 'cache["ids"]', 'cache["ids"][::-1]'),
    ],
    (check_affines, kernels, "affine_backward"): [
        Fault("db is forgotten", "db += dout.sum(axis=0)", "pass"),
        Fault("dW is set, not added", "dW +=", "dW[:] ="),
        Fault("W is not transposed", "np.matmul(dout, W.T,", "np.matmul(dout, W,"),
    ],
    (check_affines, affine, "backward"): [
        Fault("x is forgotten", 'x = cache["x"]', 'x = 0 * cache["x"]'),
    ],
    (check_tied_affines, kernels, "tied_affine_backward"): [
        Fault("db is forgotten", "db += dout.sum(axis=0)", "pass"),
        Fault("dE is set, not added", "dE +=", "dE[:] ="),
        Fault("E is transposed", "np.matmul(dout, E,", "np.matmul(dout, E.T,"),
    ],
    (check_tied_affines, tied_affine, "backward"): [
        Fault("x is forgotten", 'x = cache["x"]', 'x = 0 * cache["x"]'),
    ],
    (check_tanhs, kernels, "tanh_backward"): [
        Fault("no square in tanh'", "1 - y * y", "1 - y"),
    ],
    (check_dropouts, dropout, "backward"): [
        Fault("no mask", "if mask is None:", "if True:"),
        Fault("a mask that does not scale up", "(dout, mask, dx)", "(dout, 1.0 * (mask > 0), dx)"),
        Fault("the mask of another unit", "(dout, mask, dx)", "(dout, mask[:, :, ::-1], dx)"),
    ],
}  # fmt: skip
PLANTED = [
    pytest.param(check, where, function, fault, id=f"{where.__name__.split('.')[-1]}.{function}: {fault.name}")
    for (check, where, function), faults in FAULTS.items()
    for fault in faults
]


@pytest.mark.parametrize(("check", "where", "function", "fault"), PLANTED)
def test_a_planted_fault_is_caught_by_the_gradient_check(check, where, function, fault, monkeypatch):
    kind, dot, part = function.rpartition(".")
    right = getattr(attention.SCORES[kind] if dot else reference if where is kernels else where, part)
    wrong = with_fault(right, fault.right, fault.wrong)
    if dot:
        monkeypatch.setitem(attention.SCORES, kind, attention.SCORES[kind]._replace(**{part: wrong}))
    else:
        monkeypatch.setattr(where, function, wrong)
    with pytest.raises(AssertionError, match=r"^gradient of"):
        check()


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _, _ in FAULTS), ids=lambda check: check.__name__)
def test_the_same_check_passes_without_a_fault(check):
    check()


def test_a_fault_whose_place_is_gone_or_ambiguous_fails_instead_of_planting_nothing():
    with pytest.raises(AssertionError, match="has 0 places that read 'dWy'"):
        with_fault(reference.lstm_backward, "dWy", "0")
    with pytest.raises(AssertionError, match="needs exactly 1"):
        with_fault(reference.lstm_backward, "lengths", "0")


def test_a_fault_leaves_the_function_itself_alone():
    before = reference.tanh_backward
    with_fault(before, "1 - y * y", "1 - y")
    assert reference.tanh_backward is before
    check_tanhs()
