// The Python module: checks every array, releases the GIL, calls the kernel of the chosen instruction set.
//
// Each function takes the arguments of its twin in kernels/reference/, in that order, and first the index of an instruction
// set in `available()`: the package passes the one it has chosen, the tests pass each in turn.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "kernels.hpp"
#include "pool.hpp"
#include "processor.hpp"

namespace nb = nanobind;

namespace seqwright {
namespace {

const Kernels& set_of(int isa) {
    if (isa < 0 || static_cast<size_t>(isa) >= runnable().size()) throw nb::index_error("no such instruction set");
    return *runnable()[static_cast<size_t>(isa)];
}

// ------------------------------------------------------------------------------------------------- arrays
template <typename T>
using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using In = Array<const float>;
using Out = Array<float>;
using Ids = Array<const int32_t>;
using IdsOut = Array<int32_t>;
using RowsIn = nb::ndarray<const float, nb::device::cpu>;  // rows that may be columns of something wider: see row_of
using RowsOut = nb::ndarray<float, nb::device::cpu>;
using Shape = std::vector<int64_t>;

std::string text(const Shape& shape) {
    std::string s = "(";
    for (size_t i = 0; i < shape.size(); i++) s += (i ? ", " : "") + std::to_string(shape[i]);
    return s + (shape.size() == 1 ? ",)" : ")");
}

template <typename A>
[[noreturn]] void wrong_shape(const char* name, const A& array, const std::string& expected) {
    Shape shape;
    for (size_t i = 0; i < array.ndim(); i++) shape.push_back(static_cast<int64_t>(array.shape(i)));
    throw nb::value_error((std::string(name) + " has shape " + text(shape) + ", expected " + expected).c_str());
}

template <typename A>
void rank(const char* name, const A& array, size_t n) {
    if (array.ndim() != n) wrong_shape(name, array, std::to_string(n) + " dimensions");
    for (size_t i = 0; i < n; i++)
        if (array.shape(i) > (1u << 30)) throw nb::value_error((std::string(name) + " is larger than the kernels can index").c_str());
}

template <typename A, typename... Sizes>
void expect(const char* name, const A& array, Sizes... sizes) {
    const int64_t wanted[] = {static_cast<int64_t>(sizes)...};
    bool same = array.ndim() == sizeof...(sizes);
    for (size_t i = 0; same && i < sizeof...(sizes); i++) same = static_cast<int64_t>(array.shape(i)) == wanted[i];
    if (!same) wrong_shape(name, array, text({static_cast<int64_t>(sizes)...}));
}

template <typename A>
int dim(const A& array, size_t i) {
    return static_cast<int>(array.shape(i));
}

void in_range(const char* name, const Ids& ids, int64_t V) {
    const int32_t* data = ids.data();
    const size_t n = ids.size();
    uint32_t top = 0;  // a negative id is a large unsigned number
    for (size_t i = 0; i < n; i++) top = static_cast<uint32_t>(data[i]) > top ? static_cast<uint32_t>(data[i]) : top;
    if (n == 0 || top < V) return;
    for (size_t i = 0; i < n; i++)
        if (data[i] < 0 || data[i] >= V)
            throw nb::index_error((std::string(name) + " holds " + std::to_string(data[i]) + ", expected 0 <= id < " + std::to_string(V)).c_str());
}

int larger_of(int a, int b) { return a > b ? a : b; }

// Ids of the target that a source offers, or -1.
void copyable(const char* name, const Ids& ids, int64_t V) {
    for (size_t i = 0; i < ids.size(); i++)
        if (ids.data()[i] < -1 || ids.data()[i] >= V)
            throw nb::index_error((std::string(name) + " holds " + std::to_string(ids.data()[i]) + ", expected -1 <= id < " + std::to_string(V)).c_str());
}

template <typename A>
auto maybe(const std::optional<A>& array) -> decltype(array->data()) {
    return array ? array->data() : nullptr;
}

size_t positions(const nb::ndarray<const int32_t, nb::c_contig, nb::device::cpu>& ids) { return ids.size(); }

// How far apart the rows of (N, H) or (T, B, H) lie, of which each is contiguous, and which follow each other evenly.
template <typename A>
ptrdiff_t row_of(const char* name, const A& a) {
    const size_t n = a.ndim();
    const int64_t T = n == 3 ? static_cast<int64_t>(a.shape(0)) : 1, B = static_cast<int64_t>(a.shape(n - 2)),
                  H = static_cast<int64_t>(a.shape(n - 1));
    if (a.size() == 0) return static_cast<ptrdiff_t>(H);
    const int64_t row = B > 1 ? a.stride(n - 2) : T > 1 ? a.stride(0) : H;
    if ((H > 1 && a.stride(n - 1) != 1) || row < H || (B > 1 && T > 1 && a.stride(0) != B * row))
        throw nb::value_error((std::string(name) + " must be a contiguous array, or some columns of one: copy it").c_str());
    return static_cast<ptrdiff_t>(row);
}

// ------------------------------------------------------------------------------------------------- the kernels
void embedding_forward(int isa, In W, Ids ids, Out out) {
    rank("W", W, 2);
    const size_t N = positions(ids), D = W.shape(1);
    if (out.size() != N * D || out.ndim() != ids.ndim() + 1 || out.shape(out.ndim() - 1) != D)
        wrong_shape("out", out, "the shape of ids and " + std::to_string(D));
    in_range("ids", ids, dim(W, 0));
    nb::gil_scoped_release release;
    set_of(isa).embedding_forward(static_cast<int>(N), dim(W, 0), dim(W, 1), W.data(), ids.data(), out.data());
}

void embedding_backward(int isa, In dout, Ids ids, Out dW) {
    rank("dW", dW, 2);
    const size_t N = positions(ids), D = dW.shape(1);
    if (dout.size() != N * D || dout.ndim() != ids.ndim() + 1 || dout.shape(dout.ndim() - 1) != D)
        wrong_shape("dout", dout, "the shape of ids and " + std::to_string(D));
    in_range("ids", ids, dim(dW, 0));
    nb::gil_scoped_release release;
    set_of(isa).embedding_backward(static_cast<int>(N), dim(dW, 0), dim(dW, 1), dout.data(), ids.data(), dW.data());
}

void affine_forward(int isa, In x, In W, std::optional<In> b, Out out) {
    rank("x", x, 2);
    rank("W", W, 2);
    const int N = dim(x, 0), D = dim(x, 1), M = dim(W, 1);
    expect("W", W, D, M);
    if (b) expect("b", *b, M);
    expect("out", out, N, M);
    nb::gil_scoped_release release;
    set_of(isa).affine_forward(N, D, M, x.data(), W.data(), maybe(b), out.data());
}

void affine_backward(int isa, In dout, In x, In W, RowsOut dx, Out dW, std::optional<Out> db, bool add) {
    rank("x", x, 2);
    rank("W", W, 2);
    const int N = dim(x, 0), D = dim(x, 1), M = dim(W, 1);
    expect("dout", dout, N, M);
    expect("W", W, D, M);
    expect("dx", dx, N, D);
    expect("dW", dW, D, M);
    if (db) expect("db", *db, M);
    nb::gil_scoped_release release;
    set_of(isa).affine_backward(N, D, M, dout.data(), x.data(), W.data(), dx.data(), row_of("dx", dx), dW.data(), maybe(db), add);
}

// The symbols of an LSTM whose b is a table; returns how many rows b has.
template <typename A>
int symbols(const std::optional<Ids>& ids, int T, int B, const char* name, const A& b, int width) {
    if (!ids) {
        expect(name, b, width);
        return 1;
    }
    rank(name, b, 2);
    expect(name, b, dim(b, 0), width);
    expect("ids", *ids, T, B);
    in_range("ids", *ids, dim(b, 0));
    return dim(b, 0);
}

void lstm_forward(int isa, In x, Ids lengths, In Wx, In Wh, In b, RowsOut h, Out c, Out gates, bool reverse, bool zero_start,
                  std::optional<Ids> ids) {
    rank("x", x, 3);
    rank("Wh", Wh, 2);
    const int T = dim(x, 0), B = dim(x, 1), D = dim(x, 2), H = dim(Wh, 0);
    expect("lengths", lengths, B);
    expect("Wx", Wx, D, 4 * H);
    expect("Wh", Wh, H, 4 * H);
    expect("h", h, T + 1, B, H);
    expect("c", c, T + 1, B, H);
    expect("gates", gates, T, B, 4 * H);
    const int V = symbols(ids, T, B, "b", b, 4 * H);
    const LstmForward s{{Wx.data(), Wh.data(), b.data(), D, H}, maybe(ids), T, B, V, x.data(), lengths.data(),
                        h.data(), row_of("h", h), c.data(), gates.data(), reverse, zero_start};
    nb::gil_scoped_release release;
    set_of(isa).lstm_forward(s);
}

void lstm_backward(int isa, RowsIn dh, Out dh_end, Out dc_end, In x, Ids lengths, In Wx, In Wh, RowsIn h, In c, Out gates,
                   Out dx, Out dWx, Out dWh, Out db, bool reverse, bool zero_start, std::optional<Ids> ids) {
    rank("x", x, 3);
    rank("Wh", Wh, 2);
    const int T = dim(x, 0), B = dim(x, 1), D = dim(x, 2), H = dim(Wh, 0);
    expect("dh", dh, T, B, H);
    expect("dh_end", dh_end, B, H);
    expect("dc_end", dc_end, B, H);
    expect("lengths", lengths, B);
    expect("Wx", Wx, D, 4 * H);
    expect("Wh", Wh, H, 4 * H);
    expect("h", h, T + 1, B, H);
    expect("c", c, T + 1, B, H);
    expect("gates", gates, T, B, 4 * H);
    expect("dx", dx, T, B, D);
    expect("dWx", dWx, D, 4 * H);
    expect("dWh", dWh, H, 4 * H);
    const int V = symbols(ids, T, B, "db", db, 4 * H);
    const LstmBackward s{{Wx.data(), Wh.data(), nullptr, D, H}, maybe(ids), T, B, V, dh.data(), row_of("dh", dh),
                         dh_end.data(), dc_end.data(), x.data(), lengths.data(), h.data(), row_of("h", h), c.data(),
                         gates.data(), dx.data(), dWx.data(), dWh.data(), db.data(), reverse, zero_start};
    nb::gil_scoped_release release;
    set_of(isa).lstm_backward(s);
}

void attention_forward(int isa, In q, In memory, Ids lengths, Out weights, RowsOut context, std::optional<In> bias) {
    rank("q", q, 3);
    rank("memory", memory, 3);
    const int T = dim(q, 0), B = dim(q, 1), E = dim(q, 2), S = dim(memory, 0);
    expect("memory", memory, S, B, E);
    expect("lengths", lengths, B);
    expect("weights", weights, T, B, S);
    expect("context", context, T, B, E);
    if (bias) expect("bias", *bias, T, S);
    nb::gil_scoped_release release;
    set_of(isa).attention_forward(T, B, S, E, q.data(), memory.data(), lengths.data(), weights.data(), context.data(),
                                  row_of("context", context), maybe(bias));
}

void attention_backward(int isa, RowsIn dcontext, std::optional<In> dweights, In q, In memory, Ids lengths, In weights, Out dq,
                        Out dmemory, std::optional<Out> dbias) {
    rank("q", q, 3);
    rank("memory", memory, 3);
    const int T = dim(q, 0), B = dim(q, 1), E = dim(q, 2), S = dim(memory, 0);
    expect("dcontext", dcontext, T, B, E);
    if (dweights) expect("dweights", *dweights, T, B, S);
    expect("memory", memory, S, B, E);
    expect("lengths", lengths, B);
    expect("weights", weights, T, B, S);
    expect("dq", dq, T, B, E);
    expect("dmemory", dmemory, S, B, E);
    if (dbias) expect("dbias", *dbias, T, S);
    nb::gil_scoped_release release;
    set_of(isa).attention_backward(T, B, S, E, dcontext.data(), row_of("dcontext", dcontext), maybe(dweights), q.data(),
                                   memory.data(), lengths.data(), weights.data(), dq.data(), dmemory.data(), maybe(dbias));
}

void additive_attention_forward(int isa, In q, In keys, In v, In memory, Ids lengths, Out weights, RowsOut context,
                                std::optional<In> bias) {
    rank("q", q, 3);
    rank("memory", memory, 3);
    const int T = dim(q, 0), B = dim(q, 1), A = dim(q, 2), S = dim(memory, 0), M = dim(memory, 2);
    expect("keys", keys, S, B, A);
    expect("v", v, A);
    expect("memory", memory, S, B, M);
    expect("lengths", lengths, B);
    expect("weights", weights, T, B, S);
    expect("context", context, T, B, M);
    if (bias) expect("bias", *bias, T, S);
    nb::gil_scoped_release release;
    set_of(isa).additive_attention_forward(T, B, S, A, M, q.data(), keys.data(), v.data(), memory.data(), lengths.data(),
                                           weights.data(), context.data(), row_of("context", context), maybe(bias));
}

void additive_attention_backward(int isa, RowsIn dcontext, std::optional<In> dweights, In q, In keys, In v, In memory, Ids lengths,
                                 In weights, Out dq, Out dkeys, Out dv, Out dmemory, std::optional<Out> dbias) {
    rank("q", q, 3);
    rank("memory", memory, 3);
    const int T = dim(q, 0), B = dim(q, 1), A = dim(q, 2), S = dim(memory, 0), M = dim(memory, 2);
    expect("dcontext", dcontext, T, B, M);
    if (dweights) expect("dweights", *dweights, T, B, S);
    expect("keys", keys, S, B, A);
    expect("v", v, A);
    expect("memory", memory, S, B, M);
    expect("lengths", lengths, B);
    expect("weights", weights, T, B, S);
    expect("dq", dq, T, B, A);
    expect("dkeys", dkeys, S, B, A);
    expect("dv", dv, A);
    expect("dmemory", dmemory, S, B, M);
    if (dbias) expect("dbias", *dbias, T, S);
    nb::gil_scoped_release release;
    set_of(isa).additive_attention_backward(T, B, S, A, M, dcontext.data(), row_of("dcontext", dcontext), maybe(dweights), q.data(),
                                            keys.data(), v.data(), memory.data(), lengths.data(), weights.data(), dq.data(),
                                            dkeys.data(), dv.data(), dmemory.data(), maybe(dbias));
}

void cross_entropy_forward(int isa, In scores, Ids targets, Ids lengths, double smoothing, Out probs, Out nll) {
    rank("scores", scores, 3);
    const int T = dim(scores, 0), B = dim(scores, 1), V = dim(scores, 2);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("probs", probs, T, B, V);
    expect("nll", nll, T, B);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).cross_entropy_forward(T, B, V, scores.data(), targets.data(), lengths.data(), static_cast<float>(smoothing),
                                      probs.data(), nll.data());
}

void cross_entropy_backward(int isa, In probs, Ids targets, Ids lengths, double smoothing, double scale, Out dscores) {
    rank("probs", probs, 3);
    const int T = dim(probs, 0), B = dim(probs, 1), V = dim(probs, 2);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("dscores", dscores, T, B, V);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).cross_entropy_backward(T, B, V, probs.data(), targets.data(), lengths.data(), static_cast<float>(smoothing),
                                       static_cast<float>(scale), dscores.data());
}

// The arguments that the kernels of a mixture have in common; source: the target's id of each source symbol, -1 for none.
void mixture(const In& scores, const In& weights, const In& gate, const Ids& source) {
    rank("scores", scores, 3);
    rank("source", source, 2);
    const int T = dim(scores, 0), B = dim(scores, 1), S = dim(source, 0);
    expect("weights", weights, T, B, S);
    expect("gate", gate, T, B);
    expect("source", source, S, B);
    copyable("source", source, dim(scores, 2));
}

void copy_cross_entropy_forward(int isa, In scores, In weights, In gate, Ids source, Ids targets, Ids lengths,
                                double smoothing, Out probs, Out nll) {
    mixture(scores, weights, gate, source);
    const int T = dim(scores, 0), B = dim(scores, 1), V = dim(scores, 2), S = dim(source, 0);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("probs", probs, T, B, V);
    expect("nll", nll, T, B);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).copy_cross_entropy_forward(T, B, V, S, scores.data(), weights.data(), gate.data(), source.data(),
                                           targets.data(), lengths.data(), static_cast<float>(smoothing), probs.data(),
                                           nll.data());
}

void copy_cross_entropy_backward(int isa, In probs, In weights, In gate, Ids source, Ids targets, Ids lengths,
                                 double smoothing, double scale, Out dscores, Out dweights, Out dgate) {
    mixture(probs, weights, gate, source);
    const int T = dim(probs, 0), B = dim(probs, 1), V = dim(probs, 2), S = dim(source, 0);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("dscores", dscores, T, B, V);
    expect("dweights", dweights, T, B, S);
    expect("dgate", dgate, T, B);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).copy_cross_entropy_backward(T, B, V, S, probs.data(), weights.data(), gate.data(), source.data(),
                                            targets.data(), lengths.data(), static_cast<float>(smoothing),
                                            static_cast<float>(scale), dscores.data(), dweights.data(), dgate.data());
}

void copy_log_probs(int isa, In scores, In weights, In gate, Ids source, Out log_probs) {
    mixture(scores, weights, gate, source);
    const int T = dim(scores, 0), B = dim(scores, 1), V = dim(scores, 2), S = dim(source, 0);
    expect("log_probs", log_probs, T, B, V);
    nb::gil_scoped_release release;
    set_of(isa).copy_log_probs(T, B, V, S, scores.data(), weights.data(), gate.data(), source.data(), log_probs.data());
}

template <typename A, typename C>
void same_shape(const char* name, const A& array, const C& as) {
    bool same = array.ndim() == as.ndim();
    for (size_t i = 0; same && i < as.ndim(); i++) same = array.shape(i) == as.shape(i);
    if (same) return;
    Shape shape;
    for (size_t i = 0; i < as.ndim(); i++) shape.push_back(static_cast<int64_t>(as.shape(i)));
    wrong_shape(name, array, text(shape));
}

void tanh_forward(int isa, In x, Out out) {
    same_shape("out", out, x);
    nb::gil_scoped_release release;
    set_of(isa).tanh_forward(x.size(), x.data(), out.data());
}

void tanh_backward(int isa, In dout, In y, Out dx) {
    same_shape("y", y, dout);
    same_shape("dx", dx, dout);
    nb::gil_scoped_release release;
    set_of(isa).tanh_backward(dout.size(), dout.data(), y.data(), dx.data());
}

void clear(int isa, Out out) {
    nb::gil_scoped_release release;
    set_of(isa).clear(out.size(), out.data());
}

void dropout(int isa, In x, In mask, Out out) {
    if (x.ndim() == 0) wrong_shape("x", x, "at least one dimension");
    same_shape("out", out, x);
    const size_t T = x.shape(0), N = T == 0 ? 0 : x.size() / T;
    bool same = mask.ndim() == x.ndim() && (mask.shape(0) == T || mask.shape(0) == 1);
    for (size_t i = 1; same && i < x.ndim(); i++) same = mask.shape(i) == x.shape(i);
    if (!same) wrong_shape("mask", mask, "that of x, or 1 step of it");
    nb::gil_scoped_release release;
    set_of(isa).dropout(T, N, x.data(), mask.data(), mask.shape(0) == T, out.data());
}

double squared_norm(int isa, In x) {
    rank("x", x, 1);
    nb::gil_scoped_release release;
    return set_of(isa).squared_norm(x.size(), x.data());
}

void adam_update(int isa, Out params, In grads, Out m, Out v, double rate, double beta1, double beta2, double eps,
                 double weight_decay, int64_t step, double scale) {
    rank("params", params, 1);
    same_shape("grads", grads, params);
    same_shape("m", m, params);
    same_shape("v", v, params);
    if (step < 1) throw nb::value_error("step counts from 1");
    nb::gil_scoped_release release;
    set_of(isa).adam_update(params.size(), params.data(), grads.data(), m.data(), v.data(), rate, beta1, beta2, eps,
                            weight_decay, step, scale);
}

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

nb::object item(nb::handle sequence, size_t i) { return nb::borrow<nb::object>(sequence[i]); }

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

// Checks and takes weights that pack_encoder or pack_decoder wrote for this network and instruction set.
template <typename Network>
void take_packed(Network& network, const std::optional<In>& packed, bool int8, size_t (*size)(const Network&), int deepest) {
    constexpr int most = 65000;  // a sum of more products could overflow: see codes.cpp
    network.int8 = int8;
    if (int8 && deepest > most)
        throw nb::value_error(("int8 weights take at most " + std::to_string(most) + " inputs, not " + std::to_string(deepest)).c_str());
    if (!packed) return;
    expect("packed", *packed, size(network));
    network.packed = packed->data();
}

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

int deepest(const Encoder& e) { return larger_of(e.D, 2 * e.H); }
int deepest(const Decoder& d) { return larger_of(d.D, d.H + larger_of(d.P, d.M)); }

int64_t encoder_size(int isa, In E, nb::sequence layers, nb::sequence bridge, bool int8) {
    Encoder e{};
    Stack stack;
    encoder_weights(e, stack, E, layers, bridge, false, nb::len(bridge) == 2);
    take_packed(e, {}, int8, set_of(isa).encoder_size, deepest(e));
    return static_cast<int64_t>(set_of(isa).encoder_size(e));
}

void pack_encoder(int isa, In E, nb::sequence layers, nb::sequence bridge, bool int8, Out packed) {
    Encoder e{};
    Stack stack;
    encoder_weights(e, stack, E, layers, bridge, false, nb::len(bridge) == 2);
    take_packed(e, In(packed), int8, set_of(isa).encoder_size, deepest(e));
    nb::gil_scoped_release release;
    set_of(isa).pack_encoder(e, packed.data());
}

void encode(int isa, In E, nb::sequence layers, nb::sequence bridge, bool reverse, bool cell_crosses, Ids ids, Ids lengths, Out h, Out c,
            Out memory, std::optional<In> packed, bool int8) {
    Encoding e{};
    Stack stack;
    encoder_weights(e, stack, E, layers, bridge, reverse, cell_crosses);
    take_packed<Encoder>(e, packed, int8, set_of(isa).encoder_size, deepest(e));
    rank("ids", ids, 2);
    e.S = dim(ids, 0);
    e.B = dim(ids, 1);
    in_range("ids", ids, e.V);
    expect("lengths", lengths, e.B);
    expect("h", h, e.n_layers, e.B, e.H);
    expect("c", c, e.n_layers, e.B, e.H);
    expect("memory", memory, e.S, e.B, e.n_directions * e.H);
    e.ids = ids.data();
    e.lengths = lengths.data();
    e.h = h.data();
    e.c = c.data();
    e.memory = memory.data();
    nb::gil_scoped_release release;
    set_of(isa).encode(e);
}

// The weights that generate and beam read.
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

int64_t decoder_size(int isa, In E, nb::sequence layers, nb::object attention, In W, In b, bool int8) {
    Decoder d{};
    Stack stack;
    decoder_weights(d, stack, E, layers, attention, W, b);
    take_packed(d, {}, int8, set_of(isa).decoder_size, deepest(d));
    return static_cast<int64_t>(set_of(isa).decoder_size(d));
}

void pack_decoder(int isa, In E, nb::sequence layers, nb::object attention, In W, In b, bool int8, Out packed) {
    Decoder d{};
    Stack stack;
    decoder_weights(d, stack, E, layers, attention, W, b);
    take_packed(d, In(packed), int8, set_of(isa).decoder_size, deepest(d));
    nb::gil_scoped_release release;
    set_of(isa).pack_decoder(d, packed.data());
}

// A decoder and its rows, from a `Decoding`; its arrays are held as long as this.
struct Network {
    Decoder d{};
    Stack stack;
    Ids twins;
};

template <typename A>
A array_of(nb::handle sequence, size_t i, const char* name) {
    A array;
    if (!nb::try_cast<A>(item(sequence, i), array, false))
        throw nb::type_error((std::string(name) + " is not a contiguous array of the right type").c_str());
    return array;
}

template <typename A>
std::optional<A> maybe_array_of(nb::handle sequence, size_t i, const char* name) {
    if (item(sequence, i).is_none()) return {};
    return array_of<A>(sequence, i, name);
}

// The fields of `Decoding`, in their order.   State: the type of h and c, which only generate() writes to.
template <typename State>
void read(int isa, Network& network, nb::handle decoding) {
    if (!nb::isinstance<nb::tuple>(decoding) || nb::len(decoding) != 13) throw nb::type_error("expected a Decoding");
    Decoder& d = network.d;
    decoder_weights(d, network.stack, array_of<In>(decoding, 0, "E"), nb::cast<nb::sequence>(item(decoding, 1)), item(decoding, 2),
                    array_of<In>(decoding, 3, "W"), array_of<In>(decoding, 4, "b"));
    take_packed(d, maybe_array_of<In>(decoding, 10, "packed"), nb::cast<bool>(item(decoding, 11)), set_of(isa).decoder_size, deepest(d));
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
    copyable("source", network.twins, d.V);
    d.twins = network.twins.data();
}

void an_id(const char* name, int id, int V) {
    if (id < 0 || id >= V)
        throw nb::index_error((std::string(name) + " is " + std::to_string(id) + ", expected 0 <= id < " + std::to_string(V)).c_str());
}

void generate(int isa, nb::tuple decoding, int start_id, int end_id, Ids limits, IdsOut ids, Out log_probs, IdsOut lengths) {
    Network network;
    read<Out>(isa, network, decoding);
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

// What beam and sample have in common: checks it, and holds its arrays.
struct Searched {
    Search g{};
    std::vector<Network> networks;
    std::vector<Decoder> members;
    Automaton automaton{};
};

void members_of(int isa, Searched& searched, const nb::sequence& members, int B) {
    Search& g = searched.g;
    const size_t n = nb::len(members);
    if (n == 0) throw nb::value_error("a search needs a member");
    searched.networks.resize(n);
    for (size_t m = 0; m < n; m++) {
        Network& network = searched.networks[m];
        read<In>(isa, network, item(members, m));
        const Decoder &d = network.d, &first = searched.networks[0].d;
        if (d.B != B) throw nb::value_error(("a member has " + std::to_string(d.B) + " sources, ids " + std::to_string(B)).c_str());
        if (d.V != first.V) throw nb::value_error("the members have vocabularies of different sizes");
        if (d.attends && first.attends && d.S != first.S) throw nb::value_error("the members' memories have different lengths");
        if (d.attends) g.S = d.S;
        searched.members.push_back(d);
    }
    g.members = searched.members.data();
    g.n_members = static_cast<int>(n);
    g.V = searched.members[0].V;
}

void automaton_of(Searched& searched, nb::handle given) {
    if (given.is_none()) return;
    if (!nb::isinstance<nb::tuple>(given) || nb::len(given) != 5) throw nb::type_error("expected an Automaton");
    const auto first = array_of<Array<const int64_t>>(given, 0, "first");
    const auto symbols = array_of<Ids>(given, 1, "symbols"), targets = array_of<Ids>(given, 2, "targets"),
               distances = array_of<Ids>(given, 4, "distances");
    const auto accepting = array_of<Array<const bool>>(given, 3, "accepting");
    if (accepting.ndim() != 1 || accepting.shape(0) == 0) wrong_shape("accepting", accepting, "one state at least");
    rank("accepting", accepting, 1);
    rank("symbols", symbols, 1);
    const int N = dim(accepting, 0);
    expect("first", first, N + 1);
    expect("targets", targets, symbols.shape(0));
    expect("distances", distances, N);
    searched.automaton = {first.data(), symbols.data(), targets.data(), accepting.data(), distances.data(), N,
                          static_cast<int64_t>(symbols.shape(0))};
    searched.g.automaton = &searched.automaton;
}

void read(int isa, Searched& searched, const nb::sequence& members, nb::handle automaton, int start_id, int end_id, const Ids& limits,
          const Ids& shortest, const IdsOut& ids, const Out& log_probs, const IdsOut& lengths, const IdsOut& own_end,
          const std::optional<Out>& attended) {
    Search& g = searched.g;
    rank("ids", ids, 3);
    g.B = dim(ids, 0);
    g.width = dim(ids, 1);
    g.T = dim(ids, 2);
    members_of(isa, searched, members, g.B);
    automaton_of(searched, automaton);
    expect("limits", limits, g.B);
    expect("shortest", shortest, g.B);
    expect("log_probs", log_probs, g.B, g.width, g.T);
    expect("lengths", lengths, g.B, g.width);
    expect("own_end", own_end, g.B, g.width);
    if (attended) {
        for (const Decoder& d : searched.members)
            if (!d.attends) throw nb::value_error("attended is for decoders with attention; pass None");
        expect("attended", *attended, g.B, g.width, g.T, g.S);
    }
    an_id("start_id", start_id, g.V);
    an_id("end_id", end_id, g.V);
    for (int i = 0; i < g.B; i++)
        if (limits.data()[i] >= g.T || g.T == 0)
            throw nb::value_error(("a limit of " + std::to_string(limits.data()[i]) + " symbols and their end do not fit into " +
                                   std::to_string(g.T) + " steps of ids").c_str());
    g.start_id = start_id;
    g.end_id = end_id;
    g.limits = limits.data();
    g.shortest = shortest.data();
    g.groups = 1;
    g.ids = ids.data();
    g.log_probs = log_probs.data();
    g.lengths = lengths.data();
    g.own_end = own_end.data();
    g.attended = maybe(attended);
}

void beam(int isa, nb::sequence members, nb::object automaton, int start_id, int end_id, Ids limits, Ids shortest, int groups,
          double diversity, IdsOut ids, Out log_probs, IdsOut lengths, IdsOut own_end, std::optional<Out> attended) {
    Searched searched;
    read(isa, searched, members, automaton, start_id, end_id, limits, shortest, ids, log_probs, lengths, own_end, attended);
    Search& g = searched.g;
    if (groups < 1 || g.width % groups != 0)
        throw nb::value_error(("a beam of " + std::to_string(g.width) + " cannot be shared by " + std::to_string(groups) + " groups").c_str());
    g.groups = groups;
    g.diversity = diversity;
    nb::gil_scoped_release release;
    set_of(isa).search(g);
}

void sample(int isa, nb::sequence members, nb::object automaton, int start_id, int end_id, Ids limits, Ids shortest, In uniforms,
            double temperature, int top_k, double top_p, IdsOut ids, Out log_probs, IdsOut lengths, IdsOut own_end,
            std::optional<Out> attended) {
    Searched searched;
    read(isa, searched, members, automaton, start_id, end_id, limits, shortest, ids, log_probs, lengths, own_end, attended);
    Search& g = searched.g;
    expect("uniforms", uniforms, g.B, g.T, g.width);
    g.groups = g.width == 0 ? 1 : g.width;
    g.uniforms = uniforms.data();
    g.temperature = static_cast<float>(temperature);
    g.top_k = top_k;
    g.top_p = top_p;
    nb::gil_scoped_release release;
    set_of(isa).search(g);
}

}  // namespace
}  // namespace seqwright

NB_MODULE(_native, m) {
    using namespace seqwright;
    using namespace nb::literals;
    nb::set_leak_warnings(false);  // a kernel running in a daemon thread at exit is no leak worth a page of text

    m.def("available", [] {
        std::vector<std::string> names;
        for (const Kernels* kernels : runnable()) names.push_back(kernels->name);
        return names;
    });
    // Whether `plain` has a fused multiply-add of the processor, or computes it: right, but slower than NumPy.
#if defined(__FMA__) || defined(__aarch64__) || defined(_M_ARM64) || defined(FP_FAST_FMAF)
    m.attr("plain_is_fast") = true;
#else
    m.attr("plain_is_fast") = false;
#endif
    m.def("threads", &threads);
    m.def("set_threads", [](int n) {
        if (n < 1) throw nb::value_error(("threads must be at least 1, not " + std::to_string(n)).c_str());
        set_threads(n);
    }, "n"_a);
    m.def("available_cores", &available_cores);

    // noconvert: an array of another type or layout is an error. A silent copy would take the results with it.
#define IN(name) nb::arg(name).noconvert()
#define MAYBE(name) nb::arg(name).noconvert().none()
    m.def("embedding_forward", &embedding_forward, "isa"_a, IN("W"), IN("ids"), IN("out"));
    m.def("embedding_backward", &embedding_backward, "isa"_a, IN("dout"), IN("ids"), IN("dW"));
    m.def("affine_forward", &affine_forward, "isa"_a, IN("x"), IN("W"), MAYBE("b"), IN("out"));
    m.def("affine_backward", &affine_backward, "isa"_a, IN("dout"), IN("x"), IN("W"), IN("dx"), IN("dW"), MAYBE("db"),
          "add"_a = false);
    m.def("lstm_forward", &lstm_forward, "isa"_a, IN("x"), IN("lengths"), IN("Wx"), IN("Wh"), IN("b"), IN("h"), IN("c"),
          IN("gates"), "reverse"_a, "zero_start"_a = false, MAYBE("ids") = nb::none());
    m.def("lstm_backward", &lstm_backward, "isa"_a, IN("dh"), IN("dh_end"), IN("dc_end"), IN("x"), IN("lengths"), IN("Wx"),
          IN("Wh"), IN("h"), IN("c"), IN("gates"), IN("dx"), IN("dWx"), IN("dWh"), IN("db"), "reverse"_a,
          "zero_start"_a = false, MAYBE("ids") = nb::none());
    m.def("attention_forward", &attention_forward, "isa"_a, IN("q"), IN("memory"), IN("lengths"), IN("weights"),
          IN("context"), MAYBE("bias") = nb::none());
    m.def("attention_backward", &attention_backward, "isa"_a, IN("dcontext"), MAYBE("dweights"), IN("q"),
          IN("memory"), IN("lengths"), IN("weights"), IN("dq"), IN("dmemory"), MAYBE("dbias") = nb::none());
    m.def("additive_attention_forward", &additive_attention_forward, "isa"_a, IN("q"), IN("keys"), IN("v"), IN("memory"),
          IN("lengths"), IN("weights"), IN("context"), MAYBE("bias") = nb::none());
    m.def("additive_attention_backward", &additive_attention_backward, "isa"_a, IN("dcontext"), MAYBE("dweights"), IN("q"),
          IN("keys"), IN("v"), IN("memory"), IN("lengths"), IN("weights"), IN("dq"), IN("dkeys"), IN("dv"), IN("dmemory"),
          MAYBE("dbias") = nb::none());
    m.def("cross_entropy_forward", &cross_entropy_forward, "isa"_a, IN("scores"), IN("targets"), IN("lengths"),
          "smoothing"_a, IN("probs"), IN("nll"));
    m.def("cross_entropy_backward", &cross_entropy_backward, "isa"_a, IN("probs"), IN("targets"), IN("lengths"),
          "smoothing"_a, "scale"_a, IN("dscores"));
    m.def("copy_cross_entropy_forward", &copy_cross_entropy_forward, "isa"_a, IN("scores"), IN("weights"), IN("gate"),
          IN("source"), IN("targets"), IN("lengths"), "smoothing"_a, IN("probs"), IN("nll"));
    m.def("copy_cross_entropy_backward", &copy_cross_entropy_backward, "isa"_a, IN("probs"), IN("weights"), IN("gate"),
          IN("source"), IN("targets"), IN("lengths"), "smoothing"_a, "scale"_a, IN("dscores"), IN("dweights"), IN("dgate"));
    m.def("copy_log_probs", &copy_log_probs, "isa"_a, IN("scores"), IN("weights"), IN("gate"), IN("source"),
          IN("log_probs"));
    m.def("tanh_forward", &tanh_forward, "isa"_a, IN("x"), IN("out"));
    m.def("tanh_backward", &tanh_backward, "isa"_a, IN("dout"), IN("y"), IN("dx"));
    m.def("clear", &clear, "isa"_a, IN("out"));
    m.def("dropout", &dropout, "isa"_a, IN("x"), IN("mask"), IN("out"));
    m.def("squared_norm", &squared_norm, "isa"_a, IN("x"));
    m.def("adam_update", &adam_update, "isa"_a, IN("params"), IN("grads"), IN("m"), IN("v"), "rate"_a, "beta1"_a, "beta2"_a,
          "eps"_a, "weight_decay"_a, "step"_a, "scale"_a);
    m.def("beam", &beam, "isa"_a, "members"_a, "automaton"_a.none(), "start_id"_a, "end_id"_a, IN("limits"), IN("shortest"), "groups"_a,
          "diversity"_a, IN("ids"), IN("log_probs"), IN("lengths"), IN("own_end"), MAYBE("attended"));
    m.def("generate", &generate, "isa"_a, "d"_a, "start_id"_a, "end_id"_a, IN("limits"), IN("ids"), IN("log_probs"), IN("lengths"));
    m.def("sample", &sample, "isa"_a, "members"_a, "automaton"_a.none(), "start_id"_a, "end_id"_a, IN("limits"), IN("shortest"),
          IN("uniforms"), "temperature"_a, "top_k"_a, "top_p"_a, IN("ids"), IN("log_probs"), IN("lengths"), IN("own_end"),
          MAYBE("attended"));
    m.def("encoder_size", &encoder_size, "isa"_a, IN("E"), "layers"_a, "bridge"_a, "int8"_a);
    m.def("pack_encoder", &pack_encoder, "isa"_a, IN("E"), "layers"_a, "bridge"_a, "int8"_a, IN("packed"));
    m.def("encode", &encode, "isa"_a, IN("E"), "layers"_a, "bridge"_a, "reverse"_a, "cell_crosses"_a, IN("ids"), IN("lengths"), IN("h"),
          IN("c"), IN("memory"), MAYBE("packed") = nb::none(), "int8"_a = false);
    m.def("decoder_size", &decoder_size, "isa"_a, IN("E"), "layers"_a, "attention"_a.none(), IN("W"), IN("b"), "int8"_a);
    m.def("pack_decoder", &pack_decoder, "isa"_a, IN("E"), "layers"_a, "attention"_a.none(), IN("W"), IN("b"), "int8"_a, IN("packed"));
#undef IN
#undef MAYBE
}
