// The kernels that read one network: its packed weights, encode and generate.
#include <optional>

#include "bindings.hpp"
#include "networks.hpp"

namespace seqwright {
namespace {

int64_t encoder_size(int isa, In E, nb::sequence layers, nb::sequence bridge, bool int8) {
    Encoder e{};
    Stack stack;
    encoder_weights(e, stack, E, layers, bridge, false, nb::len(bridge) == 2);
    take_packed(isa, e, {}, int8);
    return static_cast<int64_t>(set_of(isa).encoder_size(e));
}

void pack_encoder(int isa, In E, nb::sequence layers, nb::sequence bridge, bool int8, Out packed) {
    Encoder e{};
    Stack stack;
    encoder_weights(e, stack, E, layers, bridge, false, nb::len(bridge) == 2);
    take_packed(isa, e, In(packed), int8);
    nb::gil_scoped_release release;
    set_of(isa).pack_encoder(e, packed.data());
}

void encode(int isa, In E, nb::sequence layers, nb::sequence bridge, bool reverse, bool cell_crosses, Ids ids, Ids lengths, Out h, Out c,
            Out memory, std::optional<In> packed, bool int8) {
    Encoding e{};
    Stack stack;
    encoder_weights(e, stack, E, layers, bridge, reverse, cell_crosses);
    take_packed(isa, e, packed, int8);
    rank("ids", ids, 2);
    e.S = dim(ids, 0);
    e.B = dim(ids, 1);
    in_range("ids", ids, e.V);
    expect("lengths", lengths, e.B);
    rank("h", h, 3);
    e.n_crossing = dim(h, 0);
    if (e.n_crossing > e.n_layers) throw nb::value_error("h: more states than the encoder has layers");
    expect("h", h, e.n_crossing, e.B, e.H);
    expect("c", c, e.n_crossing, e.B, e.H);
    expect("memory", memory, e.S, e.B, e.n_directions * e.H);
    e.ids = ids.data();
    e.lengths = lengths.data();
    e.h = h.data();
    e.c = c.data();
    e.memory = memory.data();
    nb::gil_scoped_release release;
    set_of(isa).encode(e);
}

int64_t decoder_size(int isa, In E, nb::sequence layers, nb::object attention, In W, In b, bool int8) {
    Decoder d{};
    Stack stack;
    decoder_weights(d, stack, E, layers, attention, W, b);
    take_packed(isa, d, {}, int8);
    return static_cast<int64_t>(set_of(isa).decoder_size(d));
}

void pack_decoder(int isa, In E, nb::sequence layers, nb::object attention, In W, In b, bool int8, Out packed) {
    Decoder d{};
    Stack stack;
    decoder_weights(d, stack, E, layers, attention, W, b);
    take_packed(isa, d, In(packed), int8);
    nb::gil_scoped_release release;
    set_of(isa).pack_decoder(d, packed.data());
}

void generate(int isa, nb::tuple decoding, int start_id, int end_id, Ids limits, IdsOut ids, Out log_probs, IdsOut lengths) {
    Network network;
    read_decoding<Out>(isa, network, decoding);
    if (network.d.twins != nullptr) throw nb::value_error("generate says what has the best score, and does not copy; search instead");
    Generation g{network.d};
    rank("ids", ids, 2);
    g.T = dim(ids, 0);
    expect("ids", ids, g.T, g.B);
    expect("limits", limits, g.B);
    expect("log_probs", log_probs, g.T, g.B);
    expect("lengths", lengths, g.B);
    an_id("start_id", start_id, g.V);
    g.start_id = start_id;
    g.end_id = end_id;
    g.limits = limits.data();
    g.ids = ids.data();
    g.log_probs = log_probs.data();
    g.lengths = lengths.data();
    nb::gil_scoped_release release;
    set_of(isa).generate(g);
}

}  // namespace

void bind_inference(nb::module_& m) {
    using namespace nb::literals;
    m.def("encoder_size", &encoder_size, "isa"_a, array("E"), "layers"_a, "bridge"_a, "int8"_a);
    m.def("pack_encoder", &pack_encoder, "isa"_a, array("E"), "layers"_a, "bridge"_a, "int8"_a, array("packed"));
    m.def("encode", &encode, "isa"_a, array("E"), "layers"_a, "bridge"_a, "reverse"_a, "cell_crosses"_a, array("ids"),
          array("lengths"), array("h"), array("c"), array("memory"), maybe_array("packed") = nb::none(), "int8"_a = false);
    m.def("decoder_size", &decoder_size, "isa"_a, array("E"), "layers"_a, "attention"_a.none(), array("W"), array("b"),
          "int8"_a);
    m.def("pack_decoder", &pack_decoder, "isa"_a, array("E"), "layers"_a, "attention"_a.none(), array("W"), array("b"),
          "int8"_a, array("packed"));
    m.def("generate", &generate, "isa"_a, "d"_a, "start_id"_a, "end_id"_a, array("limits"), array("ids"), array("log_probs"),
          array("lengths"));
}

}  // namespace seqwright
