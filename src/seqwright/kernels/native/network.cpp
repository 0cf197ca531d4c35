#include "network.hpp"

#include <string.h>

#include <new>
#include <stdexcept>

namespace seqwright {
namespace {

constexpr std::align_val_t kLine{64};  // of a cache: no vector of packed weights lies across two

size_t count(int n) { return static_cast<size_t>(n); }
int larger(int a, int b) { return a > b ? a : b; }
int clipped(int length, int S) { return length < 0 ? 0 : length > S ? S : length; }

}  // namespace

void Network::Free::operator()(float* block) const { ::operator delete(block, kLine); }

Network::Block Network::block(size_t n) { return Block(static_cast<float*>(::operator new((n + 1) * sizeof(float), kLine))); }

const float* Network::copied(const float* from, size_t n) {
    blocks_.push_back(block(n));
    if (n > 0) memcpy(blocks_.back().get(), from, n * sizeof(float));
    return blocks_.back().get();
}

const float* Network::copied(const Find& find, const std::string& name, std::vector<int64_t> shape) {
    const float* from = find(name, shape);
    size_t n = 1;
    for (int64_t size : shape) n *= static_cast<size_t>(size);
    return copied(from, n);
}

Network::Network(const Kernels& isa_, const NetworkSpec& spec_, const Find& find, const int32_t* copy_map, const bool* feature_mask,
                 bool int8)
    : spec(spec_), isa(isa_) {
    read_encoder(find);
    read_decoder(find);
    if (spec.copying) copy_map_.assign(copy_map, copy_map + spec.source_vocab_size);
    if (spec.sum_features) feature_mask_.assign(feature_mask, feature_mask + spec.source_vocab_size);
    pack(int8);
}

void Network::read_layers(const Find& find, const std::string& name, int inputs, std::vector<LstmLayer>& layers) {
    const int H = spec.hidden_size;
    std::vector<int64_t> of_x{inputs, 4 * H}, of_h{H, 4 * H}, of_b{4 * H};
    layers.push_back({find(name + ".Wx", of_x), find(name + ".Wh", of_h), find(name + ".b", of_b), inputs, H});
}

void Network::read_encoder(const Find& find) {
    Encoder& e = encoder_;
    e.V = spec.source_vocab_size;
    e.D = spec.embedding_size;
    e.H = spec.hidden_size;
    e.n_layers = spec.encoder_layers;
    e.n_directions = spec.bidirectional ? 2 : 1;
    e.reverse = spec.reversed_source;
    e.cell_crosses = spec.cell_crosses;
    e.E = copied(find, "encoder.embedding.W", {e.V, e.D});
    for (int l = 0; l < e.n_layers; l++)
        for (int i = 0; i < e.n_directions; i++) {
            const bool backward = i == 1 || spec.reversed_source;
            read_layers(find, "encoder.lstm." + std::to_string(l) + (backward ? ".backward" : ".forward"),
                        l == 0 ? e.D : e.n_directions * e.H, encoder_layers_);
        }
    e.layers = encoder_layers_.data();
    for (int state = 0; spec.bidirectional && state < (spec.cell_crosses ? 2 : 1); state++) {
        const std::string name = state == 0 ? "encoder.bridge.h" : "encoder.bridge.c";
        std::vector<int64_t> of_W{2 * e.H, e.H};
        e.bridge[state] = find(name + ".W", of_W);
        e.bridge_b[state] = copied(find, name + ".b", {e.H});
    }
}

void Network::read_decoder(const Find& find) {
    Decoder& d = decoder_;
    d.V = spec.target_vocab_size;
    d.D = spec.embedding_size;
    d.H = spec.hidden_size;
    d.M = encoder_.n_directions * d.H;
    d.P = (spec.peeky ? d.H : 0) + (spec.sum_features ? d.D : 0);
    d.n_layers = spec.decoder_layers;
    d.E = copied(find, "decoder.embedding.W", {d.V, d.D});
    for (int l = 0; l < d.n_layers; l++) read_layers(find, "decoder.lstm." + std::to_string(l), l == 0 ? d.D + d.P : d.H, decoder_layers_);
    d.layers = decoder_layers_.data();
    d.score = spec.score;
    if (d.score != nullptr) read_attention(find);
    d.tied = spec.tied;
    std::vector<int64_t> of_W{d.H + d.P, d.V};
    d.W = spec.tied ? d.E : find("decoder.affine.W", of_W);
    d.b = copied(find, "decoder.affine.b", {d.V});
    if (!spec.copying) return;
    d.gate_W = copied(find, "decoder.copying.W", {d.H + d.P, 1});
    d.gate_b = copied(find, "decoder.copying.b", {1});
}

void Network::read_attention(const Find& find) {
    Decoder& d = decoder_;
    const ScoreKind& score = *d.score;
    const std::string name = "decoder.attention.";
    std::vector<int64_t> of_keys{score.keys_transposed ? d.H : d.M, score.keys_transposed ? d.M : d.H}, of_query{d.H, d.H},
        of_combine{d.M + d.H, d.H};
    if (score.keys != nullptr) d.keys_W = find(name + score.keys, of_keys);
    if (score.query != nullptr) d.query_W = find(name + score.query, of_query);
    if (score.vector != nullptr) d.v = copied(find, name + score.vector, {d.H, 1});
    d.Wc = find(name + "Wc", of_combine);
    d.bc = copied(find, name + "bc", {d.H});
    if (!spec.distance_bias) return;
    std::vector<int64_t> of_distance{-1};
    const float* distance = find(name + "distance", of_distance);
    if (of_distance[0] % 2 == 0) throw std::invalid_argument(name + "distance: expected an odd number of distances");
    d.farthest = static_cast<int>(of_distance[0] / 2);
    d.distance = copied(distance, static_cast<size_t>(of_distance[0]));
}

void Network::pack(bool int8) {
    constexpr int most = 65000;  // a sum of more products could overflow: see quantized.cpp
    const int deepest = larger(larger(encoder_.D, 2 * encoder_.H), decoder_.H + larger(decoder_.P, decoder_.M));
    if (int8 && deepest > most)
        throw std::invalid_argument("int8 weights take at most " + std::to_string(most) + " inputs, not " + std::to_string(deepest));
    encoder_.int8 = decoder_.int8 = int8;
    blocks_.push_back(block(isa.encoder_size(encoder_)));
    encoder_.packed = blocks_.back().get();
    isa.pack_encoder(encoder_, blocks_.back().get());
    blocks_.push_back(block(isa.decoder_size(decoder_)));
    decoder_.packed = blocks_.back().get();
    isa.pack_decoder(decoder_, blocks_.back().get());
    // The unpacked arrays belong to the caller.
    for (std::vector<LstmLayer>* layers : {&encoder_layers_, &decoder_layers_})
        for (LstmLayer& layer : *layers) layer.Wx = layer.Wh = layer.b = nullptr;
    encoder_.bridge[0] = encoder_.bridge[1] = nullptr;
    decoder_.keys_W = decoder_.query_W = decoder_.Wc = decoder_.W = nullptr;
}

int Network::after_features(const Sources& s, int b) const {
    int place = spec.sum_features ? clipped(s.lengths[b], s.S) : 0;
    while (place > 0 && !feature_mask_[count(s.ids[static_cast<ptrdiff_t>(place - 1) * s.B + b])]) place--;
    return place;
}

int Network::memory_steps(const Sources& s) const {
    if (!spec.sum_features) return s.S;
    int most = 0;
    for (int b = 0; b < s.B; b++) most = larger(most, clipped(s.lengths[b], s.S) - after_features(s, b));
    return most;
}

void Network::encode(Encoding& e) const {
    static_cast<Encoder&>(e) = encoder_;
    e.n_crossing = spec.decoder_layers;
    isa.encode(e);
}

Encoded::Encoded(const Network& network, const Sources& sources) : decoder(network.decoder_) {
    Decoder& d = decoder;
    const size_t S = count(network.memory_steps(sources)), B = count(sources.B), states = count(d.n_layers) * B * count(d.H);
    for (size_t n : {states, states, S * B * count(d.M)}) blocks_.push_back(Network::block(n));
    Encoding e{};
    e.S = static_cast<int>(S);
    e.B = sources.B;
    e.ids = sources.ids;
    e.lengths = sources.lengths;
    e.h = blocks_[0].get();
    e.c = blocks_[1].get();
    e.memory = blocks_[2].get();
    if (network.spec.sum_features) {
        cut_features(network, sources);
        e.ids = ids_.data();
        e.lengths = lengths_.data();
    }
    network.encode(e);
    d.B = e.B;
    d.S = d.score == nullptr ? 0 : e.S;
    d.h = e.h;
    d.c = e.c;
    d.memory = e.memory;
    d.memory_lengths = e.lengths;
    if (d.P > 0) condition(network, sources);
    if (!network.spec.copying) return;
    for (size_t i = 0; i < S * B; i++) copy_map_.push_back(network.copy_map_[count(e.ids[i])]);
    d.copy_map = copy_map_.data();
}

// The symbols after the features of each source; any symbols at padding.
void Encoded::cut_features(const Network& network, const Sources& s) {
    for (int b = 0; b < s.B; b++) {
        first_.push_back(network.after_features(s, b));
        lengths_.push_back(clipped(s.lengths[b], s.S) - first_.back());
    }
    const int S = network.memory_steps(s);
    ids_.resize(count(S) * count(s.B));
    for (int b = 0; b < s.B; b++)
        for (int t = 0; t < lengths_[count(b)]; t++)
            ids_[count(t) * count(s.B) + count(b)] = s.ids[(static_cast<ptrdiff_t>(first_[count(b)]) + t) * s.B + b];
}

// [the encoder's last hidden state, the sum of the features' embeddings] of each source, if the network has them.
void Encoded::condition(const Network& network, const Sources& s) {
    Decoder& d = decoder;
    const int H = network.spec.peeky ? d.H : 0, D = d.P - H;
    blocks_.push_back(Network::block(count(s.B) * count(d.P)));
    float* row = blocks_.back().get();
    d.conditioning = row;
    const float* last = d.h + static_cast<ptrdiff_t>(d.n_layers - 1) * s.B * d.H;
    for (int b = 0; b < s.B; b++, row += d.P) {
        memcpy(row, last + static_cast<ptrdiff_t>(b) * d.H, count(H) * sizeof(float));
        float* total = row + H;
        memset(total, 0, count(D) * sizeof(float));
        for (int t = 0; D > 0 && t < first_[count(b)]; t++) {
            const float* feature = network.encoder_.E + static_cast<ptrdiff_t>(s.ids[static_cast<ptrdiff_t>(t) * s.B + b]) * D;
            for (int i = 0; i < D; i++) total[i] += feature[i];
        }
    }
}

void search(const std::vector<const Network*>& networks, const Sources& sources, Search g) {
    std::vector<std::unique_ptr<Encoded>> encoded;
    std::vector<Decoder> members;
    for (const Network* network : networks) {
        encoded.push_back(std::make_unique<Encoded>(*network, sources));
        members.push_back(encoded.back()->decoder);
    }
    g.members = members.data();
    g.n_members = static_cast<int>(members.size());
    g.B = sources.B;
    g.V = members[0].V;
    g.S = 0;
    for (const Decoder& d : members) g.S = larger(g.S, d.S);
    networks[0]->isa.search(g);
}

}  // namespace seqwright
