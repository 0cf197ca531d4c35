"""The checks of whole models fail where a model is wrong: each fault below is planted and has to be caught."""

from collections.abc import Callable

import model_checks as models
import pytest
import variants

from seqwright.models import output_loss
from seqwright.models.decoder import Decoder
from seqwright.models.encoder import Encoder
from seqwright.models.seq2seq import Seq2seq
from seqwright.testing.faults import Fault, with_fault

BIDIRECTIONAL = {"layers": 2, "bidirectional": True, "attention": "bilinear", "bridge": "hc"}
PEEKY = {"layers": 2, "peeky": True, "bridge": "hc"}
FULL = variants.FULL
HARD = "entropy.backward(dloss, cache, smoothing=0.0"
COPIED_HARD = "copying.backward(dloss, cache, smoothing=0.0"
AT_LOGITS = (
    'dx = self._with_conditioning_backward(dx, dconditioning)\n    dx = dropout.backward(dx, cache.of("dropout.out"))'
)
AT_INPUT = (
    'dx = self._with_conditioning_backward(dx, dconditioning)\n        dx = dropout.backward(dx, cache.of("dropout"))'
)

# a wrong backward under a right forward: the gradient check sees it
WRONG_BACKWARDS: dict[tuple[str, Callable[..., object]], list[Fault]] = {
    ("PEEKY", Encoder._cross_backward): [
        Fault("the bridge drops the gradient of c", 'dc if "c" in self.spec.bridge', "0 * dc if True"),
        Fault("h and c are swapped on the bridge", "[lstm.State(dh, dc if", "[lstm.State(dc, dh if"),
    ],
    ("BIDIRECTIONAL", Encoder._cross_backward): [
        Fault("the bridge drops the gradient of c", "if state in self.spec.bridge", 'if state == "h"'),
        Fault("the directions are swapped", "(slice(H), slice(H, 2 * H))", "(slice(H, 2 * H), slice(H))"),
    ],
    ("BIDIRECTIONAL", Encoder.encode_backward): [
        Fault("the memory's gradient is forgotten", "dx = d.memory", "dx = 0 * d.memory"),
        Fault("one direction's gradient is forgotten", "dx += other", "pass"),
        Fault("both directions get the same part", "dx[:, :, :H], dx[:, :, H:]", "dx[:, :, :H], dx[:, :, :H]"),
        Fault("every layer gets the top one's state", "(d.h[above], d.c[above], cache", "(d.h[-1], d.c[-1], cache"),
        Fault("the directions get each other's cache", "dends, grads, parts)", "dends, grads, parts[::-1])"),
    ],
    ("DEEP", Encoder.encode_backward): [
        Fault("the layers that cross get each other's state", "(d.h[above], d.c", "(d.h[1 - above], d.c"),
        Fault("a layer that crosses gets nothing", "if above >= 0", "if above > 0"),
    ],
    ("FULL", Encoder.encode_backward): [
        Fault("no mask behind the layers", 'dx = dropout.backward(dx, cache.of(f"dropout.{layer}"))', "pass"),
        Fault("no mask behind the embedding", 'dx = dropout.backward(dx, cache.of("dropout"))', "pass"),
    ],
    ("PEEKY", Decoder.hidden_backward): [
        Fault("no conditioning gradient at the logits", AT_LOGITS, AT_LOGITS.replace("(dx, d", "(dx, 0 * d")),
        Fault("no conditioning gradient at the input", AT_INPUT, AT_INPUT.replace("(dx, d", "(dx, 0 * d")),
        Fault("conditioning gradient in the bottom layer", "d.h[-1] += dconditioning", "d.h[0] += dconditioning"),
        Fault("conditioning gradient replaces the state's", "d.h[-1] += dconditioning", "d.h[-1] = dconditioning"),
        Fault("the conditioning gradient is forgotten", "d.h[-1] += dconditioning[:, :H]", "pass"),
        Fault("h and c of the start are swapped", "d.h[layer], d.c[layer] = dstart", "d.c[layer], d.h[layer] = dstart"),
    ],
    ("FULL", Decoder.hidden_backward): [
        Fault("no mask before the logits", 'dx = dropout.backward(dx, cache.of("dropout.out"))', "pass"),
        Fault("no mask between the layers", 'dx = dropout.backward(dx, cache.of(f"dropout.{layer}"))', "pass"),
        Fault("a mask of another place", 'cache.of("dropout.out")', 'cache.of("dropout.1")'),
        Fault("dmemory is not cleared", "kernels.clear(d.memory)", "d.memory[:] = 1"),
    ],
    ("COPYING", Decoder.hidden_backward): [
        Fault("the gate's gradient is forgotten", "dx += affine.backward(p.copying", "affine.backward(p.copying"),
        Fault("the weights' gradient is forgotten", "dx, dhidden.attention_weights, d.memory", "dx, None, d.memory"),
    ],
    ("COPYING", output_loss._gradients): [
        Fault("smoothing is forgotten", "copying.backward(dloss, cache, smoothing=tile.smoothing", COPIED_HARD),
    ],
    ("SUMMING", Decoder.hidden_backward): [
        Fault("features get the gradient of h", "[:, -self.spec.features_size :]", "[:, : self.spec.features_size]"),
    ],
    ("SUMMING", Encoder.summed_backward): [
        Fault("the features get nothing", "bag.backward(dtotal", "(lambda *_: None)(dtotal"),
        Fault("the features have the mask of others", 'cache.of("dropout.features")', 'cache.of("dropout")'),
    ],
    ("PEEKY", Decoder._with_conditioning_backward): [
        Fault("the conditioning gradient of one step only", "dboth[:, :, D:].sum(axis=0)", "dboth[-1, :, D:]"),
        Fault("conditioning gradient is set", "dconditioning += dboth", "dconditioning[:] = dboth"),
    ],
    ("FULL", output_loss._gradients): [
        Fault("smoothing is forgotten", "entropy.backward(dloss, cache, smoothing=tile.smoothing", HARD),
    ],
    ("FULL", Seq2seq.backward): [
        Fault("old gradients stay", "kernels.clear(self.grads.flat)", "pass"),
        Fault("the upstream gradient is forgotten", "predicted, dout,", "predicted, 1.0,"),
        Fault("the encoder gets nothing", "self.encoder.encode_backward(d, self.encoder.cache)", "pass"),
    ],
}  # fmt: skip

# a wrong forward with the backward that fits it: only the oracle sees it
WRONG_MODELS: dict[tuple[str, Callable[..., object]], list[Fault]] = {
    ("PLAIN", Seq2seq.inputs): [
        Fault("the decoder predicts what it has just read", "target[1:]", "target[:-1]"),
        Fault("padding of the target counts", "target[1:], target_lengths", "target[1:], 9 + target_lengths"),
        Fault("padding of the source is read", "l, source_lengths)", "l, 0 * source_lengths + len(source))"),
    ],
    ("COPYING", Seq2seq.inputs): [
        Fault("the decoder copies what it has just read", "target[1:]", "target[:-1]"),
        Fault("all that is copied is one symbol", "copy_map[parts.rest(", "copy_map[0 * parts.rest("),
    ],
    ("PEEKY", Encoder._cross): [
        Fault("c crosses as h", "getattr(end, state)", "end.h"),
    ],
    ("BIDIRECTIONAL", Encoder._cross): [
        Fault("the states of the directions are swapped", "for end in ends]", "for end in ends[::-1]]"),
    ],
    ("BIDIRECTIONAL", Encoder.encode): [
        Fault("the outputs of the directions are swapped", ":H], states[1:, :, H:]", "H:], states[1:, :, :H]"),
        Fault("the outputs of one direction are a symbol late", "states[1:, :, H:]", "states[:-1, :, H:]"),
    ],
    ("DEEP", Encoder.encode): [
        Fault("the layers that cross are swapped", "h[above], c[above]", "h[1 - above], c[1 - above]"),
    ],
    ("PEEKY", Decoder._with_conditioning): [
        Fault("conditioning precedes x", "[:, :, :D], both[:, :, D:] = x", "[:, :, -D:], both[:, :, :-D] = x"),
    ],
    ("PEEKY", Decoder.hidden): [
        Fault("every layer starts from the top one's state", "encoded.h[layer]", "encoded.h[-1]"),
        Fault("c does not start the decoder", "encoded.c[layer]", "0 * encoded.c[layer]"),
    ],
    ("PEEKY", Decoder._conditioning): [
        Fault("the conditioning vector is the bottom layer's state", "encoded.h[-1]", "encoded.h[0]"),
    ],
}  # fmt: skip
NAMED = {
    "PLAIN": variants.PLAIN,
    "PEEKY": PEEKY,
    "BIDIRECTIONAL": BIDIRECTIONAL,
    "FULL": FULL,
    "DEEP": variants.DEEPER[-1],
    "COPYING": variants.COPYING[-1],
    "SUMMING": variants.SUMMING[-1],
}

pytestmark = pytest.mark.faults


def planted(faults):
    return [
        pytest.param(NAMED[options], method, fault, id=f"{method.__qualname__}: {fault.name}")
        for (options, method), group in faults.items()
        for fault in group
    ]


@pytest.fixture
def plant(monkeypatch):
    def plant(method, fault):
        owners = {"Encoder": Encoder, "Decoder": Decoder, "Seq2seq": Seq2seq}
        owner = owners.get(method.__qualname__.split(".")[0], output_loss)
        monkeypatch.setattr(owner, method.__name__, with_fault(method, fault.right, fault.wrong))

    return plant


@pytest.mark.parametrize(("options", "method", "fault"), planted(WRONG_BACKWARDS))
def test_a_planted_fault_is_caught_by_the_gradient_check(options, method, fault, plant):
    plant(method, fault)
    with pytest.raises(AssertionError, match=r"^gradient of"):
        models.check_gradients(options, variants.batch())


@pytest.mark.parametrize(("options", "method", "fault"), planted(WRONG_BACKWARDS) + planted(WRONG_MODELS))
def test_a_planted_fault_is_caught_by_the_oracle(options, method, fault, plant):
    plant(method, fault)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        models.check_oracle(options, variants.batch())


@pytest.mark.parametrize("check", [models.check_gradients, models.check_oracle], ids=lambda check: check.__name__)
@variants.each(list(NAMED.values()))
def test_the_same_check_passes_without_a_fault(check, options):
    check(options, variants.batch())
