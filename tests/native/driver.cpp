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

#include "pool.hpp"
#include "processor.hpp"

using seqwright::Kernels;

namespace {

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
        const auto add = [&](const void* data, size_t n) {
            for (size_t i = 0; i < n; i++) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211u;
        };
        for (const auto& [n, block] : floats_) add(block.get() + 1, n * sizeof(float));
        for (const auto& [n, block] : ints_) add(block.get() + 1, n * sizeof(int32_t));
        return hash;
    }

  private:
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

// What generation and search have in common, with its arrays from `a`.
void decoder(seqwright::Decoder& d, std::vector<seqwright::LstmLayer>& layers, Arrays& a, int B, int V, int D, int H, int L, int S, int M,
             int P) {
    for (int l = 0; l < L; l++) {
        const int inputs = l == 0 ? D + P : H;
        layers.push_back({a.floats(product(inputs, 4, H)), a.floats(product(H, 4, H)), a.floats(product(4, H)), inputs, H});
    }
    d.E = a.floats(product(V, D));
    d.layers = layers.data();
    d.n_layers = L;
    d.attends = S > 0;
    if (d.attends) {
        if (M == 2 * H) {  // additive
            d.Wq = a.floats(product(H, H));
            d.Wk = a.floats(product(M, H));
            d.v = a.floats(product(H));
        } else if (M != H) {
            d.Wa = a.floats(product(H, M));
        }
        d.Wc = a.floats(product(M + H, H));
        d.bc = a.floats(product(H));
        d.distance = P > 0 ? a.floats(7) : nullptr;
        d.farthest = 3;
        d.memory = a.floats(product(S, B, M));
        d.memory_lengths = a.ints(product(B), S + 1);
    }
    d.W = a.floats(product(H + P, V));
    d.b = a.floats(product(V));
    d.peek = P > 0 ? a.floats(product(B, P)) : nullptr;
    d.h = a.floats(product(L, B, H));
    d.c = a.floats(product(L, B, H));
    d.B = B, d.V = V, d.D = D, d.H = H, d.P = P, d.S = S, d.M = M;
}

// Gives a decoder packed weights, if they are to be kept. Their block has another size on each instruction set.
void keep(const Kernels& k, seqwright::Decoder& d, bool int8, bool kept, Arrays& block) {
    d.int8 = int8;
    float* packed = block.floats(k.decoder_size(d));
    k.pack_decoder(d, packed);
    if (kept) d.packed = packed;
}

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
            float *scores = a.floats(product(T, B, V)), *probs = a.floats(product(T, B, V)), *nll = a.floats(product(T, B)),
                  *weights = a.positive(product(T, B, S)), *gate = a.floats(product(T, B));
            const int32_t *source = a.ints(product(S, B), V), *targets = a.ints(product(T, B), V), *lengths = a.ints(product(B), T + 1);
            k.copy_cross_entropy_forward(T, B, V, S, scores, weights, gate, source, targets, lengths, 0.1f, probs, nll);
            k.copy_log_probs(T, B, V, S, scores, weights, gate, source, scores);
            k.copy_cross_entropy_backward(T, B, V, S, probs, weights, gate, source, targets, lengths, 0.1f, 0.5f, probs, weights,
                                          gate);
        });
    for (auto [T, B, V] : {std::tuple{1, 1, 1}, {0, 2, 3}, {3, 4, 17}, {5, 7, 65}, {4, 30, 301}})
        for (float smoothing : {0.0f, 0.1f})
            add("cross_entropy", [=](const Kernels& k, Arrays& a) {
                float *scores = a.floats(product(T, B, V)), *nll = a.floats(product(T, B));
                const int32_t *targets = a.ints(product(T, B), V), *lengths = a.ints(product(B), T + 1);
                k.cross_entropy_forward(T, B, V, scores, targets, lengths, smoothing, scores, nll);
                k.cross_entropy_backward(T, B, V, scores, targets, lengths, smoothing, 0.5f, scores);
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
    for (auto [T, B, V, D, H, L, S, M, P] :
         {std::tuple{1, 1, 1, 1, 1, 1, 0, 0, 0}, {5, 3, 13, 7, 17, 2, 4, 9, 0}, {5, 4, 40, 7, 33, 1, 5, 33, 6}, {6, 5, 40, 7, 15, 1, 0, 0, 3},
          {6, 37, 70, 9, 40, 3, 7, 31, 5}, {6, 5, 33, 7, 18, 2, 5, 36, 4}, {0, 2, 3, 4, 5, 1, 0, 0, 0}, {3, 0, 3, 4, 5, 1, 0, 0, 0}})
        add("generate", [=](const Kernels& k, Arrays& a) {
            std::vector<seqwright::LstmLayer> layers;
            seqwright::Generation g{};
            decoder(g, layers, a, B, V, D, H, L, S, M, P);
            g.start_id = V - 1, g.end_id = 0, g.T = T;
            g.limits = a.ints(product(B), T + 1);
            g.ids = a.ints(product(T, B), V);
            g.log_probs = a.floats(product(T, B));
            g.lengths = a.ints(product(B), T + 1);
            Arrays block(2);
            keep(k, g, V % 2 == 1, B != 3, block);
            k.generate(g);
        });
    for (auto [T, B, width, V, D, H, L, S, M, P] :
         {std::tuple{1, 1, 1, 1, 1, 1, 1, 0, 0, 0}, {6, 1, 5, 17, 4, 16, 1, 5, 33, 0}, {5, 3, 4, 13, 7, 17, 2, 4, 9, 0}, {6, 4, 7, 3, 7, 33, 1, 5, 33, 6},
          {7, 37, 5, 40, 9, 40, 3, 7, 31, 5}, {6, 5, 4, 33, 7, 18, 2, 5, 36, 4}, {4, 2, 150, 16, 5, 15, 1, 3, 20, 0}, {3, 0, 2, 3, 4, 5, 1, 0, 0, 0}, {3, 2, 0, 3, 4, 5, 1, 0, 0, 0}})
        for (int how = 0; how < 8; how++)
            add("search", [=](const Kernels& k, Arrays& a) {
                const bool constrained = how & 1, ensemble = how & 2, sampled = how & 4, looks = S > 0 && how % 3 == 0;
                std::deque<std::vector<seqwright::LstmLayer>> layers;
                std::vector<seqwright::Decoder> members;
                for (int m = 0; m < (ensemble ? 3 : 1); m++)
                    decoder(members.emplace_back(), layers.emplace_back(), a, B, V, D + m, H, L, S, M, P);
                Arrays block(2);
                for (seqwright::Decoder& d : members) keep(k, d, V % 2 == 1, B != 3, block);
                seqwright::Search g{};
                g.members = members.data(), g.n_members = static_cast<int>(members.size());
                seqwright::Automaton set{};
                if (constrained) automaton(set, a, V);
                g.automaton = constrained ? &set : nullptr;
                g.start_id = V - 1, g.end_id = 0, g.B = B, g.V = V, g.S = S, g.T = T, g.width = width;
                g.limits = a.ints(product(B), T);
                g.shortest = a.ints(product(B), 3);
                g.groups = sampled && width > 0 ? width : width % 2 == 0 && width > 0 ? 2 : 1;
                g.diversity = 0.5;
                g.uniforms = sampled ? a.positive(product(B, T, width)) : nullptr;
                g.temperature = 0.7f, g.top_k = V / 2, g.top_p = 0.9;
                g.ids = a.ints(product(B, width, T), V);
                g.log_probs = a.floats(product(B, width, T));
                g.lengths = a.ints(product(B, width), 2);
                g.own_end = a.ints(product(B, width), 2);
                g.attended = looks ? a.floats(product(B, width, T, S)) : nullptr;
                k.search(g);
            });
    for (auto [V, D, H, M, P] : {std::tuple{0, 4, 8, 9, 0}, {0, 0, 17, 17, 3}, {5, 0, 16, 33, 0}, {4, 3, 0, 0, 0}})
        for (bool int8 : {false, true})
            add("pack", [=](const Kernels& k, Arrays& a) {
                std::vector<seqwright::LstmLayer> layers;
                seqwright::Decoder d{};
                decoder(d, layers, a, 0, V, D, H, 2, 3, M, P);
                Arrays block(2);
                keep(k, d, int8, true, block);
            });
    for (auto [S, B, V, D, H, L, crossing, directions] :
         {std::tuple{1, 1, 1, 1, 1, 1, 1, 1}, {0, 2, 3, 4, 5, 1, 1, 2}, {2, 0, 0, 4, 8, 1, 1, 1}, {2, 0, 0, 0, 17, 2, 1, 2}, {3, 0, 3, 4, 5, 1, 1, 2}, {4, 3, 9, 7, 17, 2, 2, 2},
          {5, 37, 40, 9, 40, 3, 3, 1}, {3, 5, 7, 70, 33, 3, 1, 2}, {4, 6, 7, 9, 20, 2, 1, 1}})
        for (bool int8 : {false, true})
            for (bool kept : {false, true})
                add("encode", [=](const Kernels& k, Arrays& a) {
                    std::vector<seqwright::LstmLayer> layers;
                    for (int l = 0; l < L; l++)
                        for (int i = 0; i < directions; i++) {
                            const int inputs = l == 0 ? D : directions * H;
                            layers.push_back({a.floats(product(inputs, 4, H)), a.floats(product(H, 4, H)), a.floats(product(4, H)), inputs, H});
                        }
                    seqwright::Encoding e{};
                    e.E = a.floats(product(V, D));
                    e.layers = layers.data();
                    for (int state = 0; state < 2 && directions == 2; state++) {
                        e.bridge[state] = a.floats(product(2, H, H));
                        e.bridge_b[state] = a.floats(product(H));
                    }
                    e.n_layers = L, e.n_directions = directions, e.cell_crosses = true, e.int8 = int8;
                    e.V = V, e.D = D, e.H = H, e.S = S, e.B = B, e.n_crossing = crossing;
                    e.ids = a.ints(product(S, B), V);
                    e.lengths = a.ints(product(B), S + 1);
                    e.h = a.floats(product(crossing, B, H));
                    e.c = a.floats(product(crossing, B, H));
                    e.memory = a.floats(product(S, B, directions, H));
                    Arrays block(2);  // of another size on each instruction set: not in the digest
                    if (kept) {
                        float* packed = block.floats(k.encoder_size(e));
                        k.pack_encoder(e, packed);
                        e.packed = packed;
                    }
                    k.encode(e);
                });
    return list;
}

uint64_t outcome(const Call& call, const Kernels& kernels) {
    Arrays arrays(1);
    call.run(kernels, arrays);
    return arrays.digest();
}

}  // namespace

int main() {
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
            seqwright::set_threads(threads);
            for (size_t i = 0; i < list.size(); i++) check(i, *kernels, "alone");
        }
    std::vector<std::thread> callers;
    std::vector<int> mistakes(4, 0);
    for (int caller = 0; caller < 4; caller++)
        callers.emplace_back([&, caller] {
            for (size_t i = 0; i < list.size(); i++) {
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
