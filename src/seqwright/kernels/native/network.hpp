// A network for inference, made once from a spec and named arrays, which are copied and packed.
//
// It never changes afterwards, so any number of threads may search it at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace seqwright {

struct NetworkSpec {  // the fields of models/spec.py that decide what is computed
    int source_vocab_size, target_vocab_size, embedding_size, hidden_size, encoder_layers, decoder_layers;
    bool bidirectional, reversed_source, cell_crosses;  // cell_crosses: the bridge is "hc"
    const ScoreKind* score;                             // or null: no attention
    bool distance_bias, peeky, sum_features, copying, tied;
};

// Return the array of a name and a shape, valid until the constructor returns. A size of -1 matches any size and is overwritten
// with it. Exceptions pass through the constructor.
using Find = std::function<const float*(const std::string& name, std::vector<int64_t>& shape)>;

struct Sources {  // ids (S, B), of which row b has lengths[b]
    const int32_t *ids, *lengths;
    int S, B;
};

class Network {
  public:
    // copy_map (source_vocab_size,): for copying, the target symbol of each source symbol, -1 for none.
    // feature_mask (source_vocab_size,): for sum_features, which source symbols are features.   isa: of `runnable()`.
    Network(const Kernels& isa, const NetworkSpec& spec, const Find& find, const int32_t* copy_map, const bool* feature_mask, bool int8);

    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    const NetworkSpec spec;
    const Kernels& isa;

    // Number of memory steps of sources, those after the features.
    int memory_steps(const Sources& sources) const;

    // Encode e.ids with e.lengths, e.S and e.B; write e.h, e.c and e.memory, which the caller allocates.
    void encode(Encoding& e) const;

  private:
    friend class Encoded;
    struct Free {
        void operator()(float* block) const;
    };
    using Block = std::unique_ptr<float[], Free>;

    static Block block(size_t n);
    const float* copied(const float* from, size_t n);
    const float* copied(const Find& find, const std::string& name, std::vector<int64_t> shape);
    void read_layers(const Find& find, const std::string& name, int inputs, std::vector<LstmLayer>& layers);
    void read_encoder(const Find& find);
    void read_decoder(const Find& find);
    void read_attention(const Find& find);
    void pack(bool int8);
    int after_features(const Sources& sources, int b) const;

    std::vector<Block> blocks_;
    std::vector<LstmLayer> encoder_layers_, decoder_layers_;
    Encoder encoder_{};
    Decoder decoder_{};
    std::vector<int32_t> copy_map_;
    std::vector<char> feature_mask_;
};

// Encoded sources for one network and the duration of a call, and the decoder that reads them.
class Encoded {
  public:
    Encoded(const Network& network, const Sources& sources);
    Encoded(const Encoded&) = delete;
    Encoded& operator=(const Encoded&) = delete;

    Decoder decoder;

  private:
    void cut_features(const Network& network, const Sources& sources);
    void condition(const Network& network, const Sources& sources);

    std::vector<int32_t> ids_, lengths_, first_, copy_map_;  // first_: of each source, the place after its features
    std::vector<Network::Block> blocks_;
};

// Search the targets of sources in an ensemble of networks. The caller sets and checks `g` except members, B, V and S.
void search(const std::vector<const Network*>& networks, const Sources& sources, Search g);

}  // namespace seqwright
