#include "networks.hpp"

#include <string>

#include "bindings.hpp"

namespace seqwright {
namespace {

int larger_of(int a, int b) { return a > b ? a : b; }

// Takes the weights (Wx, Wh, b) of a layer.
void add_layer(Stack& stack, const nb::object& layer, int inputs, int H) {
    const float* Wx = stack.keep(item(layer, 0), "Wx", inputs, 4 * H);
    const float* Wh = stack.keep(item(layer, 1), "Wh", H, 4 * H);
    stack.layers.push_back({Wx, Wh, stack.keep(item(layer, 2), "b", 4 * H), inputs, H});
}

int units_of(const nb::object& layer) {
    const In Wh = nb::cast<In>(item(layer, 1));
    rank("Wh", Wh, 2);
    return dim(Wh, 0);
}

template <typename Network>
void take(Network& network, const std::optional<In>& packed, bool int8, size_t (*size)(const Network&), int deepest) {
    constexpr int most = 65000;  // a sum of more products could overflow: see codes.cpp
    network.int8 = int8;
    if (int8 && deepest > most)
        throw nb::value_error(("int8 weights take at most " + std::to_string(most) + " inputs, not " + std::to_string(deepest)).c_str());
    if (!packed) return;
    expect("packed", *packed, size(network));
    network.packed = packed->data();
}

}  // namespace

void encoder_weights(Encoder& e, Stack& stack, const In& E, const nb::sequence& layers, const nb::sequence& bridge, bool reverse,
                     bool cell_crosses) {
    rank("E", E, 2);
    e.E = E.data();
    e.V = dim(E, 0);
    e.D = dim(E, 1);
    e.n_layers = static_cast<int>(nb::len(layers));
    if (e.n_layers == 0) throw nb::value_error("an encoder has at least one layer");
    e.n_directions = static_cast<int>(nb::len(item(layers, 0)));
    if (e.n_directions != 1 && e.n_directions != 2) throw nb::value_error("a layer has one direction or two");
    e.H = units_of(item(item(layers, 0), 0));
    for (int l = 0; l < e.n_layers; l++) {
        const nb::object directions = item(layers, static_cast<size_t>(l));
        if (nb::len(directions) != static_cast<size_t>(e.n_directions)) throw nb::value_error("all layers have the same directions");
        for (int i = 0; i < e.n_directions; i++)
            add_layer(stack, item(directions, static_cast<size_t>(i)), l == 0 ? e.D : e.n_directions * e.H, e.H);
    }
    e.layers = stack.layers.data();
    const size_t states = e.n_directions == 2 ? (cell_crosses ? 2 : 1) : 0;
    if (nb::len(bridge) != states) throw nb::value_error("the bridge has weights for each state that crosses from two directions");
    for (size_t i = 0; i < states; i++) {
        e.bridge[i] = stack.keep(item(item(bridge, i), 0), "W", 2 * e.H, e.H);
        e.bridge_b[i] = stack.keep(item(item(bridge, i), 1), "b", e.H);
    }
    e.reverse = reverse;
    e.cell_crosses = cell_crosses;
}

void decoder_weights(Decoder& d, Stack& stack, const In& E, const nb::sequence& layers, const nb::object& attention, const In& W,
                     const In& b) {
    rank("E", E, 2);
    rank("W", W, 2);
    d.n_layers = static_cast<int>(nb::len(layers));
    if (d.n_layers == 0) throw nb::value_error("a decoder has at least one layer");
    d.V = dim(E, 0);
    d.D = dim(E, 1);
    d.H = units_of(item(layers, 0));
    d.P = dim(W, 0) - d.H;
    expect("W", W, d.H + larger_of(d.P, 0), d.V);
    expect("b", b, d.V);
    for (int l = 0; l < d.n_layers; l++) add_layer(stack, item(layers, static_cast<size_t>(l)), l == 0 ? d.D + d.P : d.H, d.H);
    d.layers = stack.layers.data();
    d.E = E.data();
    d.W = W.data();
    d.b = b.data();
    if (attention.is_none()) return;
    d.attends = true;
    const In Wc = nb::cast<In>(item(attention, 1));
    rank("Wc", Wc, 2);
    d.M = dim(Wc, 0) - d.H;
    d.Wc = stack.keep(item(attention, 1), "Wc", larger_of(d.M, 0) + d.H, d.H);
    d.bc = stack.keep(item(attention, 2), "bc", d.H);
    if (const nb::object distance = item(attention, 3); !distance.is_none()) {
        const In of = nb::cast<In>(distance);
        rank("distance", of, 1);
        if (dim(of, 0) % 2 == 0) wrong_shape("distance", of, "an odd number of distances");
        d.distance = stack.keep(distance, "distance", dim(of, 0));
        d.farthest = dim(of, 0) / 2;
    }
    const nb::object score = item(attention, 0);
    if (score.is_none()) {
        if (d.M != d.H) throw nb::value_error("without Wa, memory must be as wide as h");
    } else if (nb::isinstance<nb::tuple>(score)) {
        if (nb::len(score) != 3) throw nb::value_error("the additive score has three weights: Wq, Wk and v");
        d.Wq = stack.keep(item(score, 0), "Wq", d.H, d.H);
        d.Wk = stack.keep(item(score, 1), "Wk", d.M, d.H);
        d.v = stack.keep(item(score, 2), "v", d.H, 1);
    } else {
        d.Wa = stack.keep(score, "Wa", d.H, d.M);
    }
}

void take_packed(int isa, Encoder& e, const std::optional<In>& packed, bool int8) {
    take(e, packed, int8, set_of(isa).encoder_size, larger_of(e.D, 2 * e.H));
}

void take_packed(int isa, Decoder& d, const std::optional<In>& packed, bool int8) {
    take(d, packed, int8, set_of(isa).decoder_size, larger_of(d.D, d.H + larger_of(d.P, d.M)));
}

template <typename State>
void read_decoding(int isa, Network& network, nb::handle decoding) {
    if (!nb::isinstance<nb::tuple>(decoding) || nb::len(decoding) != 13) throw nb::type_error("expected a Decoding");
    Decoder& d = network.d;
    decoder_weights(d, network.stack, array_of<In>(decoding, 0, "E"), nb::cast<nb::sequence>(item(decoding, 1)), item(decoding, 2),
                    array_of<In>(decoding, 3, "W"), array_of<In>(decoding, 4, "b"));
    take_packed(isa, d, maybe_array_of<In>(decoding, 10, "packed"), nb::cast<bool>(item(decoding, 11)));
    const auto h = array_of<State>(decoding, 5, "h"), c = array_of<State>(decoding, 6, "c");
    rank("h", h, 3);
    d.B = dim(h, 1);
    expect("h", h, d.n_layers, d.B, d.H);
    expect("c", c, d.n_layers, d.B, d.H);
    d.h = const_cast<float*>(h.data());
    d.c = const_cast<float*>(c.data());
    const auto peek = maybe_array_of<In>(decoding, 7, "peek");
    if (d.P > 0 && !peek) throw nb::value_error(("W takes " + std::to_string(d.P) + " inputs beside h, and peek is None").c_str());
    if (peek) expect("peek", *peek, d.B, d.P);
    d.peek = maybe(peek);
    const nb::object copying = item(decoding, 12);
    if (!d.attends) {
        if (!copying.is_none()) throw nb::value_error("copying needs attention");
        return;
    }
    const auto memory = maybe_array_of<In>(decoding, 8, "memory");
    const auto lengths = maybe_array_of<Ids>(decoding, 9, "memory_lengths");
    if (!memory || !lengths) throw nb::value_error("attention needs memory and memory_lengths");
    rank("memory", *memory, 3);
    d.S = dim(*memory, 0);
    expect("memory", *memory, d.S, d.B, d.M);
    expect("memory_lengths", *lengths, d.B);
    d.memory = memory->data();
    d.memory_lengths = lengths->data();
    if (copying.is_none()) return;
    d.gate_W = network.stack.keep(item(copying, 0), "W of copying", d.H + d.P, 1);
    d.gate_b = network.stack.keep(item(copying, 1), "b of copying", 1);
    network.twins = array_of<Ids>(copying, 2, "source");
    expect("source", network.twins, d.S, d.B);
    in_range("source", network.twins, d.V, -1);
    d.twins = network.twins.data();
}

template void read_decoding<In>(int isa, Network& network, nb::handle decoding);
template void read_decoding<Out>(int isa, Network& network, nb::handle decoding);

}  // namespace seqwright
