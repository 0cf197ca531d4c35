// A network of which Python hands over its weights as tuples of arrays: checked, and held as long as a call takes.
#pragma once

#include <optional>
#include <vector>

#include "arrays.hpp"
#include "kernels.hpp"

namespace seqwright {

// What holds the arrays of the tuples of a call, for the call.
struct Stack {
    std::vector<In> kept;
    std::vector<LstmLayer> layers;
    const float* keep(const nb::object& array, const char* name, int rows, int columns = -1) {
        kept.push_back(nb::cast<In>(array));
        columns < 0 ? expect(name, kept.back(), rows) : expect(name, kept.back(), rows, columns);
        return kept.back().data();
    }
};

void encoder_weights(Encoder& e, Stack& stack, const In& E, const nb::sequence& layers, const nb::sequence& bridge, bool reverse,
                     bool cell_crosses);
void decoder_weights(Decoder& d, Stack& stack, const In& E, const nb::sequence& layers, const nb::object& attention, const In& W,
                     const In& b);

// Checks and takes weights that pack_encoder or pack_decoder wrote for this network and instruction set; None: there are none.
void take_packed(int isa, Encoder& e, const std::optional<In>& packed, bool int8);
void take_packed(int isa, Decoder& d, const std::optional<In>& packed, bool int8);

// A decoder and its rows, from a `Decoding`; its arrays are held as long as this.
struct Network {
    Decoder d{};
    Stack stack;
    Ids twins;
};

// The fields of `Decoding`, in their order.   State: the type of h and c, which only generate() writes to: In or Out.
template <typename State>
void read_decoding(int isa, Network& network, nb::handle decoding);

}  // namespace seqwright
