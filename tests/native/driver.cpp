// Runs every kernel on every instruction set of this processor, for odd sizes, any number of threads and from several
// threads at once, in heap blocks of exactly the right size at odd addresses. Meant to be built with sanitizers, which find
// what is read or written outside of them and every race; it also compares the bytes of all runs of a call.
//
//   tests/native/run-sanitizers
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "network.hpp"
#include "pool.hpp"
#include "processor.hpp"

using seqwright::Kernels;
using seqwright::Network;
using seqwright::NetworkSpec;

namespace {

// ThreadSanitizer slows everything down by 10 to 20: that build runs what can find a race, on one instruction set.
#ifdef __SANITIZE_THREAD__
constexpr bool kOnlyRaces = true;
#define NO_SANITIZE __attribute__((no_sanitize_thread))
#else
constexpr bool kOnlyRaces = false;
#define NO_SANITIZE
#endif

// The arrays of one call. Each is a block of its own that ends where the array ends and starts 4 bytes past alignment.
class Arrays {
  public:
    explicit Arrays(unsigned seed) : random_(seed) {}

    float* floats(size_t n) {
        auto& block = floats_.emplace_back(n, new float[n + 1]);
        std::uniform_real_distribution<float> uniform(-1, 1);
        for (size_t i = 0; i < n; i++) block.second[i + 1] = uniform(random_);
        return block.second.get() + 1;
    }
    float* positive(size_t n) {
        float* x = floats(n);
        for (size_t i = 0; i < n; i++) x[i] = x[i] * x[i];
        return x;
    }
    int32_t* ints(size_t n, int below) {
        auto& block = ints_.emplace_back(n, new int32_t[n + 1]);
        for (size_t i = 0; i < n; i++) block.second[i + 1] = static_cast<int32_t>(random_() % static_cast<unsigned>(below));
        return block.second.get() + 1;
    }

    int64_t* positions(size_t n) { return positions_.emplace_back(new int64_t[n]).get(); }
    bool* flags(size_t n) { return flags_.emplace_back(new bool[n]).get(); }

    // A number that differs if any byte of any array does.
    uint64_t digest() const {
        uint64_t hash = 14695981039346656037u;
        for (const auto& [n, block] : floats_) hash = hashed(hash, block.get() + 1, n * sizeof(float));
        for (const auto& [n, block] : ints_) hash = hashed(hash, block.get() + 1, n * sizeof(int32_t));
        return hash;
    }

  private:
    NO_SANITIZE static uint64_t hashed(uint64_t hash, const void* data, size_t n) {
        for (size_t i = 0; i < n; i++) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211u;
        return hash;
    }

    std::mt19937 random_;
    std::deque<std::pair<size_t, std::unique_ptr<float[]>>> floats_;
    std::deque<std::pair<size_t, std::unique_ptr<int32_t[]>>> ints_;
    std::deque<std::unique_ptr<int64_t[]>> positions_;
    std::deque<std::unique_ptr<bool[]>> flags_;
};

struct Call {
    std::string name;
    std::function<void(const Kernels&, Arrays&)> run;  // takes its arrays from the second argument, always the same
};

template <typename... Sizes>
size_t product(Sizes... sizes) {
    return (static_cast<size_t>(sizes) * ... * size_t{1});
}

// A network of random weights, which are gone when it has been made.
std::unique_ptr<Network> made(const Kernels& k, const NetworkSpec& spec, bool int8) {
    Arrays a(3);
    const seqwright::Find find = [&](const std::string&, std::vector<int64_t>& shape) {
        size_t n = 1;
        for (int64_t& size : shape) n *= static_cast<size_t>(size = size < 0 ? 7 : size);
        return a.floats(n);
    };
    const size_t V = static_cast<size_t>(spec.source_vocab_size);
    int32_t* copy_map = a.ints(V, spec.target_vocab_size + 1);
    bool* feature_mask = a.flags(V);
    for (size_t v = 0; v < V; v++) {
        copy_map[v]--;
        feature_mask[v] = v % 3 == 1;
    }
    return std::make_unique<Network>(k, spec, find, copy_map, feature_mask, int8);
}

const seqwright::ScoreKind *const kDot = &seqwright::kScores[0], *const kBilinear = &seqwright::kScores[1],
                                  *const kAdditive = &seqwright::kScores[2];

// source and target vocabulary, D, H, encoder and decoder layers; both directions, reversed, cell; score; distance, peeky, features,
// copying, tied
const std::vector<NetworkSpec> kSpecs = {
    {1, 1, 1, 1, 1, 1, false, false, false, nullptr, false, false, false, false, false},
    {9, 13, 7, 17, 2, 2, false, true, true, kDot, true, true, false, false, false},
    {9, 40, 7, 33, 3, 1, true, false, false, kBilinear, false, false, true, false, false},
    {7, 33, 18, 18, 2, 2, true, false, true, kAdditive, true, false, false, true, true},
    {70, 70, 9, 40, 3, 3, true, false, true, kAdditive, false, true, true, true, false},
    {5, 40, 70, 15, 1, 1, false, false, false, nullptr, false, true, false, false, false},
};

// Five states that each read every symbol but 0; the last has no way into the set.
void automaton(seqwright::Automaton& set, Arrays& a, int V) {
    const int N = 5, E = N * (V - 1);
    int64_t* first = a.positions(N + 1);
    int32_t *symbols = a.ints(product(E), V), *targets = a.ints(product(E), N), *distances = a.ints(N, 3);
    bool* accepting = a.flags(N);
    for (int n = 0; n <= N; n++) first[n] = n * (V - 1);
    for (int e = 0; e < E; e++) symbols[e] = 1 + e % (V - 1);
    for (int n = 0; n < N; n++) accepting[n] = distances[n] == 0;
    distances[N - 1] = INT32_MAX;
    set = {first, symbols, targets, accepting, distances, N, E};
}

std::vector<Call> calls() {
    std::vector<Call> list;
    const auto add = [&](const std::string& name, std::function<void(const Kernels&, Arrays&)> run) {
        list.push_back({name, std::move(run)});
    };
    for (auto [N, V, D] : {std::tuple{1, 1, 1}, {7, 3, 17}, {300, 11, 33}, {3000, 9, 70}, {0, 4, 5}})
        add("embedding", [=](const Kernels& k, Arrays& a) {
            const int32_t* ids = a.ints(product(N), V);
            float* W = a.floats(product(V, D));
            float* out = a.floats(product(N, D));
            k.embedding_forward(N, V, D, W, ids, out);
            k.embedding_backward(N, V, D, out, ids, W);
        });
    for (auto [N, D, M] : {std::tuple{1, 1, 1}, {0, 3, 4}, {3, 0, 4}, {3, 4, 0}, {2, 17, 15}, {5, 33, 31}, {14, 16, 32}, {15, 257, 65},
                           {29, 300, 13}, {131, 70, 97}, {300, 520, 33}})
        for (bool bias : {false, true})
            add("affine", [=](const Kernels& k, Arrays& a) {
                const float *x = a.floats(product(N, D)), *W = a.floats(product(D, M)), *b = bias ? a.floats(product(M)) : nullptr;
                float *out = a.floats(product(N, M)), *dx = a.floats(product(N, D)), *dW = a.floats(product(D, M));
                k.affine_forward(N, D, M, x, W, b, out);
                k.affine_backward(N, D, M, out, x, W, dx, D, dW, bias ? a.floats(product(M)) : nullptr, bias);
            });
    for (auto [N, D, V] : {std::tuple{1, 1, 1}, {0, 3, 4}, {3, 0, 4}, {3, 4, 0}, {2, 17, 15}, {15, 257, 65}, {131, 70, 97}, {9, 20, 8201}})
        add("tied_affine", [=](const Kernels& k, Arrays& a) {
            const float *x = a.floats(product(N, D)), *E = a.floats(product(V, D)), *b = a.floats(product(V));
            float *out = a.floats(product(N, V)), *dx = a.floats(product(N, D)), *dE = a.floats(product(V, D)), *db = a.floats(product(V));
            k.tied_affine_forward(N, D, V, x, E, b, out);
            k.tied_affine_backward(N, D, V, out, x, E, dx, dE, db);
        });
    for (auto [T, B, D, H] : {std::tuple{1, 1, 1, 1}, {0, 2, 3, 4}, {2, 0, 3, 4}, {2, 2, 0, 5}, {3, 4, 5, 17}, {4, 5, 16, 15}, {3, 29, 7, 33}, {2, 61, 70, 65},
                              {3, 17, 200, 70}})
        for (auto [reverse, zero_start, V] : {std::tuple{false, false, 1}, {true, false, 1}, {false, true, 1}, {true, true, 7}})
            add("lstm", [=](const Kernels& k, Arrays& a) {
                const float *x = a.floats(product(T, B, D)), *Wx = a.floats(product(D, 4, H)), *Wh = a.floats(product(H, 4, H)),
                            *b = a.floats(product(V, 4, H)), *dh = a.floats(product(T, B, H));
                const int32_t *lengths = a.ints(product(B), T + 1), *ids = V > 1 ? a.ints(product(T, B), V) : nullptr;
                float *h = a.floats(product(T + 1, B, H)), *c = a.floats(product(T + 1, B, H)), *gates = a.floats(product(T, B, 4, H)),
                      *dh_end = a.floats(product(B, H)), *dc_end = a.floats(product(B, H)), *dx = a.floats(product(T, B, D)),
                      *dWx = a.floats(product(D, 4, H)), *dWh = a.floats(product(H, 4, H)), *db = a.floats(product(V, 4, H));
                k.lstm_forward({{Wx, Wh, b, D, H}, ids, T, B, V, x, lengths, h, H, c, gates, reverse, zero_start});
                k.lstm_backward({{Wx, Wh, nullptr, D, H}, ids, T, B, V, dh, H, dh_end, dc_end, x, lengths, h, H, c, gates, dx, dWx,
                                 dWh, db, reverse, zero_start});
            });
    for (auto [T, B, D, H] : {std::tuple{1, 1, 1, 1}, {0, 2, 3, 4}, {2, 0, 3, 4}, {4, 5, 16, 15}, {3, 29, 7, 33}, {2, 61, 70, 65}})
        add("bilstm", [=](const Kernels& k, Arrays& a) {
            const float *x = a.floats(product(T, B, D)), *dh = a.floats(product(T, B, 2, H));
            const int32_t* lengths = a.ints(product(B), T + 1);
            float* h = a.floats(product(T + 2, B, 2, H));  // both directions are columns of one memory
            std::vector<seqwright::LstmForward> forward;
            std::vector<seqwright::LstmBackward> backward;
            for (bool reverse : {false, true}) {
                const float *Wx = a.floats(product(D, 4, H)), *Wh = a.floats(product(H, 4, H)), *b = a.floats(product(4, H));
                float *c = a.floats(product(T + 1, B, H)), *gates = a.floats(product(T, B, 4, H)), *dh_end = a.floats(product(B, H)),
                      *dc_end = a.floats(product(B, H)), *dx = a.floats(product(T, B, D)), *dWx = a.floats(product(D, 4, H)),
                      *dWh = a.floats(product(H, 4, H)), *db = a.floats(product(4, H));
                float* own = h + (reverse ? 2 * B * H + H : 0);
                forward.push_back({{Wx, Wh, b, D, H}, nullptr, T, B, 1, x, lengths, own, 2 * H, c, gates, reverse, true});
                backward.push_back({{Wx, Wh, nullptr, D, H}, nullptr, T, B, 1, dh + reverse * H, 2 * H, dh_end, dc_end, x, lengths, own,
                                    2 * H, c, gates, dx, dWx, dWh, db, reverse, true});
            }
            k.bilstm_forward(forward[0], forward[1]);
            k.bilstm_backward(backward[0], backward[1]);
        });
    for (auto [T, B, S, E] : {std::tuple{1, 1, 1, 1}, {0, 2, 3, 4}, {2, 3, 0, 4}, {3, 4, 5, 7}, {5, 3, 17, 33}, {7, 40, 9, 130}})
        add("attention", [=](const Kernels& k, Arrays& a) {
            const float *q = a.floats(product(T, B, E)), *memory = a.floats(product(S, B, E));
            const int32_t* lengths = a.ints(product(B), S + 1);
            float *weights = a.floats(product(T, B, S)), *context = a.floats(product(T, B, E)), *dq = a.floats(product(T, B, E)),
                  *dmemory = a.floats(product(S, B, E)), *bias = a.floats(product(T, S)), *dbias = a.floats(product(T, S));
            k.attention_forward(T, B, S, E, q, memory, lengths, weights, context, E, bias);
            k.attention_backward(T, B, S, E, context, E, nullptr, q, memory, lengths, weights, dq, dmemory, dbias);
            k.attention_backward(T, B, S, E, context, E, weights, q, memory, lengths, weights, dq, dmemory, dbias);
        });
    for (auto [T, B, S, A, M] : {std::tuple{1, 1, 1, 1, 1}, {0, 2, 3, 4, 5}, {2, 3, 0, 4, 5}, {3, 4, 5, 7, 9}, {7, 40, 17, 33, 20}})
        add("additive attention", [=](const Kernels& k, Arrays& a) {
            const float *q = a.floats(product(T, B, A)), *keys = a.floats(product(S, B, A)), *v = a.floats(product(A)),
                        *memory = a.floats(product(S, B, M));
            const int32_t* lengths = a.ints(product(B), S + 1);
            float *weights = a.floats(product(T, B, S)), *context = a.floats(product(T, B, M)), *dq = a.floats(product(T, B, A)),
                  *dkeys = a.floats(product(S, B, A)), *dv = a.floats(product(A)), *dmemory = a.floats(product(S, B, M)),
                  *bias = a.floats(product(T, S)), *dbias = a.floats(product(T, S));
            k.additive_attention_forward(T, B, S, A, M, q, keys, v, memory, lengths, weights, context, M, bias);
            k.additive_attention_backward(T, B, S, A, M, context, M, nullptr, q, keys, v, memory, lengths, weights, dq, dkeys, dv, dmemory, dbias);
            k.additive_attention_backward(T, B, S, A, M, context, M, weights, q, keys, v, memory, lengths, weights, dq, dkeys, dv, dmemory, dbias);
        });
    for (auto [T, B, V, S] : {std::tuple{1, 1, 1, 1}, {0, 2, 3, 2}, {3, 4, 17, 0}, {5, 7, 65, 30}, {4, 30, 301, 12}})
        add("copying", [=](const Kernels& k, Arrays& a) {
            float *logits = a.floats(product(T, B, V)), *probs = a.floats(product(T, B, V)), *nll = a.floats(product(T, B)),
                  *weights = a.positive(product(T, B, S)), *gate = a.floats(product(T, B));
            const int32_t *source = a.ints(product(S, B), V), *targets = a.ints(product(T, B), V), *lengths = a.ints(product(B), T + 1);
            k.copy_cross_entropy_forward(T, B, V, S, logits, weights, gate, source, targets, lengths, 0.1f, probs, nll);
            k.copy_log_probs(T, B, V, S, logits, weights, gate, source, logits);
            k.copy_cross_entropy_backward(T, B, V, S, probs, weights, gate, source, targets, lengths, 0.1f, 0.5f, probs, weights,
                                          gate);
        });
    for (auto [T, B, V] : {std::tuple{1, 1, 1}, {0, 2, 3}, {3, 4, 17}, {5, 7, 65}, {4, 30, 301}})
        for (float smoothing : {0.0f, 0.1f})
            add("cross_entropy", [=](const Kernels& k, Arrays& a) {
                float *logits = a.floats(product(T, B, V)), *nll = a.floats(product(T, B));
                const int32_t *targets = a.ints(product(T, B), V), *lengths = a.ints(product(B), T + 1);
                k.cross_entropy_forward(T, B, V, logits, targets, lengths, smoothing, logits, nll);
                k.cross_entropy_backward(T, B, V, logits, targets, lengths, smoothing, 0.5f, logits);
            });
    for (size_t N : {size_t{0}, size_t{1}, size_t{17}, size_t{9001}, size_t{300001}})
        add("pointwise and optimize", [=](const Kernels& k, Arrays& a) {
            float *x = a.floats(N), *y = a.floats(N), *m = a.floats(N), *v = a.positive(N);
            k.tanh_forward(N, x, y);
            k.tanh_backward(N, x, y, x);
            k.dropout(1, N, x, m, true, y);
            k.clear(N, m);
            *a.floats(1) = static_cast<float>(k.squared_norm(N, x));
            k.adam_update(N, y, x, m, v, 0.01, 0.9, 0.99, 1e-8, 0.01, 3, 0.5);
        });
    for (int V : {0, 3})
        for (bool int8 : {false, true})
            add("network without symbols", [=](const Kernels& k, Arrays&) {
                for (NetworkSpec spec : kSpecs) {
                    spec.source_vocab_size = spec.target_vocab_size = V;
                    made(k, spec, int8);
                }
            });
    for (const NetworkSpec& spec : kSpecs)
        for (auto [S, B] : {std::tuple{0, 2}, {1, 1}, {3, 0}, {4, 3}, {5, 37}})
            for (bool int8 : {false, true})
                add("encode", [=](const Kernels& k, Arrays& a) {
                    seqwright::Encoding e{};
                    e.S = S, e.B = B;
                    e.ids = a.ints(product(S, B), spec.source_vocab_size);
                    e.lengths = a.ints(product(B), S + 1);
                    e.h = a.floats(product(spec.decoder_layers, B, spec.hidden_size));
                    e.c = a.floats(product(spec.decoder_layers, B, spec.hidden_size));
                    e.memory = a.floats(product(S, B, spec.bidirectional ? 2 : 1, spec.hidden_size));
                    made(k, spec, int8)->encode(e);
                });
    for (const NetworkSpec& spec : kSpecs)
        for (auto [T, B, width, S] : {std::tuple{1, 1, 1, 0}, {6, 1, 5, 5}, {5, 3, 4, 4}, {7, 37, 5, 7}, {4, 2, 150, 3}, {3, 0, 2, 0}, {3, 2, 0, 2}})
            for (int how = 0; how < 12; how++)
                add("search", [=](const Kernels& k, Arrays& a) {
                    const bool constrained = how & 1, ensemble = how & 2, sampled = how / 4 == 1, given = how / 4 == 2;
                    std::deque<std::unique_ptr<Network>> made_here;
                    std::vector<const Network*> networks;
                    for (int m = 0; m < (ensemble ? 3 : 1); m++) {
                        NetworkSpec one = spec;
                        if (!spec.tied) one.embedding_size += m;
                        networks.push_back(made_here.emplace_back(made(k, one, S % 2 == 1)).get());
                    }
                    const int32_t* ids = a.ints(product(S, B), spec.source_vocab_size);
                    const seqwright::Sources sources{ids, a.ints(product(B), S + 1), S, B};
                    const int V = spec.target_vocab_size, K = given && width > 0 ? 1 : width;
                    seqwright::Search g{};
                    seqwright::Automaton set{};
                    if (constrained && !given) automaton(set, a, V);
                    g.automaton = constrained && !given ? &set : nullptr;
                    g.forbidden = a.ints(2, V), g.n_forbidden = V > 2 ? 2 : 0;
                    g.start_id = V - 1, g.end_id = given ? -1 : 0, g.T = T, g.width = K;
                    int32_t* most = a.ints(product(B), T);
                    for (int b = 0; b < B && given; b++) most[b]++;
                    g.max_lengths = most;
                    g.min_lengths = a.ints(product(B), 3);
                    g.groups = sampled && K > 0 ? K : K % 2 == 0 && K > 0 ? 2 : 1;
                    g.diversity = 0.5;
                    g.uniforms = sampled ? a.positive(product(B, T, K)) : nullptr;
                    g.targets = given && constrained ? a.ints(product(B, T), V) : nullptr;
                    g.temperature = 0.7f, g.top_k = V / 2, g.top_p = 0.9;
                    g.ids = a.ints(product(B, K, T), V);
                    g.log_probs = a.floats(product(B, K, T));
                    g.lengths = a.ints(product(B, K), 2);
                    g.ended_by_model = a.ints(product(B, K), 2);
                    const int steps = networks[0]->memory_steps(sources);
                    g.attention_weights = spec.score != nullptr && how % 3 == 0 ? a.floats(product(B, K, T, steps)) : nullptr;
                    seqwright::search(networks, sources, g);
                });
    return list;
}

uint64_t outcome(const Call& call, const Kernels& kernels) {
    Arrays arrays(1);
    call.run(kernels, arrays);
    return arrays.digest();
}

}  // namespace

// With any argument, each instruction set runs all calls once: enough to compare bytes, and quick under emulation.
int main(int argc, char**) {
    const bool once = argc > 1;
    const std::vector<Call> list = calls();
    int wrong = 0;
    std::vector<uint64_t> expected;
    seqwright::set_threads(1);
    for (const Call& call : list) expected.push_back(outcome(call, *seqwright::runnable().front()));
    const auto check = [&](size_t i, const Kernels& kernels, const char* when) {
        if (outcome(list[i], kernels) == expected[i]) return;
        std::printf("%s (call %zu) on %s, %s: other bytes than on one thread\n", list[i].name.c_str(), i, kernels.name, when);
        wrong++;
    };
    for (const Kernels* kernels : seqwright::runnable())
        for (int threads : {1, 2, 5}) {
            if (kOnlyRaces && (kernels != seqwright::runnable().front() || threads < 5)) continue;
            if (once && threads != 2) continue;
            seqwright::set_threads(threads);
            for (size_t i = 0; i < list.size(); i++) check(i, *kernels, "alone");
        }
    std::vector<std::thread> callers;
    std::vector<int> mistakes(4, 0);
    for (int caller = 0; caller < (once ? 0 : 4); caller++)
        callers.emplace_back([&, caller] {
            for (size_t i = static_cast<size_t>(caller) % 2; i < list.size(); i += kOnlyRaces ? 4 : 1) {
                const size_t at = (i + static_cast<size_t>(caller) * 7) % list.size();
                mistakes[static_cast<size_t>(caller)] += outcome(list[at], *seqwright::runnable().front()) != expected[at];
            }
        });
    for (std::thread& caller : callers) caller.join();
    for (int n : mistakes) wrong += n;
    uint64_t bytes = 0;
    for (uint64_t digest : expected) bytes = bytes * 1099511628211u + digest;
    std::printf("%zu calls on %zu instruction sets: %d wrong, bytes %016llx\n", list.size(), seqwright::runnable().size(), wrong,
                static_cast<unsigned long long>(bytes));
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
