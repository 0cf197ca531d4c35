// The kernels of the layers and of the optimiser, with the arguments of the functions in kernels/reference/.
#include <optional>

#include "bindings.hpp"

namespace seqwright {
namespace {

// rows: a row for each id, with the columns of the table.
template <typename Rows, typename Table>
void expect_rows(const char* name, const Rows& rows, const char* table_name, const Table& table, const Ids& ids) {
    rank(table_name, table, 2);
    const size_t D = table.shape(1);
    if (rows.size() != ids.size() * D || rows.ndim() != ids.ndim() + 1 || rows.shape(rows.ndim() - 1) != D)
        wrong_shape(name, rows, "the shape of ids and " + std::to_string(D));
    indexable(name, rows);
    in_range("ids", ids, dim(table, 0));
}

void embedding_forward(int isa, In W, Ids ids, Out out) {
    expect_rows("out", out, "W", W, ids);
    nb::gil_scoped_release release;
    set_of(isa).embedding_forward(static_cast<int>(ids.size()), dim(W, 0), dim(W, 1), W.data(), ids.data(), out.data());
}

void embedding_backward(int isa, In dout, Ids ids, Out dW) {
    expect_rows("dout", dout, "dW", dW, ids);
    nb::gil_scoped_release release;
    set_of(isa).embedding_backward(static_cast<int>(ids.size()), dim(dW, 0), dim(dW, 1), dout.data(), ids.data(), dW.data());
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

void tied_affine_forward(int isa, In x, In E, In b, Out out) {
    rank("x", x, 2);
    rank("E", E, 2);
    const int N = dim(x, 0), D = dim(x, 1), V = dim(E, 0);
    expect("E", E, V, D);
    expect("b", b, V);
    expect("out", out, N, V);
    nb::gil_scoped_release release;
    set_of(isa).tied_affine_forward(N, D, V, x.data(), E.data(), b.data(), out.data());
}

void tied_affine_backward(int isa, In dout, In x, In E, Out dx, Out dE, Out db) {
    rank("x", x, 2);
    rank("E", E, 2);
    const int N = dim(x, 0), D = dim(x, 1), V = dim(E, 0);
    expect("dout", dout, N, V);
    expect("E", E, V, D);
    expect("dx", dx, N, D);
    expect("dE", dE, V, D);
    expect("db", db, V);
    nb::gil_scoped_release release;
    set_of(isa).tied_affine_backward(N, D, V, dout.data(), x.data(), E.data(), dx.data(), dE.data(), db.data());
}

// The symbols of an LSTM whose b is a table; returns the number of rows of b.
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

LstmForward lstm_of(const In& x, const Ids& lengths, const In& Wx, const In& Wh, const In& b, const RowsOut& h, const Out& c,
                    const Out& gates, bool reverse, bool zero_start, const std::optional<Ids>& ids) {
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
    return {{Wx.data(), Wh.data(), b.data(), D, H}, maybe(ids), T, B, V, x.data(), lengths.data(),
            h.data(), row_of("h", h), c.data(), gates.data(), reverse, zero_start};
}

void lstm_forward(int isa, In x, Ids lengths, In Wx, In Wh, In b, RowsOut h, Out c, Out gates, bool reverse, bool zero_start,
                  std::optional<Ids> ids) {
    const LstmForward s = lstm_of(x, lengths, Wx, Wh, b, h, c, gates, reverse, zero_start, ids);
    nb::gil_scoped_release release;
    set_of(isa).lstm_forward(s);
}

struct Lstm {  // an LSTM's arrays in its backward pass
    In Wx, Wh;
    RowsIn h;
    In c;
    Out gates, dx, dWx, dWh, db;
};

LstmBackward lstm_of(const RowsIn& dh, const Out& dh_end, const Out& dc_end, const In& x, const Ids& lengths, const Lstm& of,
                     bool reverse, bool zero_start, const std::optional<Ids>& ids) {
    rank("x", x, 3);
    rank("Wh", of.Wh, 2);
    const int T = dim(x, 0), B = dim(x, 1), D = dim(x, 2), H = dim(of.Wh, 0);
    expect("dh", dh, T, B, H);
    expect("dh_end", dh_end, B, H);
    expect("dc_end", dc_end, B, H);
    expect("lengths", lengths, B);
    expect("Wx", of.Wx, D, 4 * H);
    expect("Wh", of.Wh, H, 4 * H);
    expect("h", of.h, T + 1, B, H);
    expect("c", of.c, T + 1, B, H);
    expect("gates", of.gates, T, B, 4 * H);
    expect("dx", of.dx, T, B, D);
    expect("dWx", of.dWx, D, 4 * H);
    expect("dWh", of.dWh, H, 4 * H);
    const int V = symbols(ids, T, B, "db", of.db, 4 * H);
    return {{of.Wx.data(), of.Wh.data(), nullptr, D, H}, maybe(ids), T, B, V, dh.data(), row_of("dh", dh),
            dh_end.data(), dc_end.data(), x.data(), lengths.data(), of.h.data(), row_of("h", of.h), of.c.data(),
            of.gates.data(), of.dx.data(), of.dWx.data(), of.dWh.data(), of.db.data(), reverse, zero_start};
}

void lstm_backward(int isa, RowsIn dh, Out dh_end, Out dc_end, In x, Ids lengths, In Wx, In Wh, RowsIn h, In c, Out gates,
                   Out dx, Out dWx, Out dWh, Out db, bool reverse, bool zero_start, std::optional<Ids> ids) {
    const LstmBackward s = lstm_of(dh, dh_end, dc_end, x, lengths, {Wx, Wh, h, c, gates, dx, dWx, dWh, db}, reverse, zero_start, ids);
    nb::gil_scoped_release release;
    set_of(isa).lstm_backward(s);
}

// Both directions; each is a tuple of its arrays, which Python keeps while the kernel runs.
void bilstm_forward(int isa, In x, Ids lengths, nb::tuple forward, nb::tuple backward, std::optional<Ids> ids) {
    const auto of = [&](nb::tuple a, bool reverse) {
        if (nb::len(a) != 6) throw nb::value_error("a direction is Wx, Wh, b, h, c, gates");
        return lstm_of(x, lengths, array_of<In>(a, 0, "Wx"), array_of<In>(a, 1, "Wh"), array_of<In>(a, 2, "b"),
                       array_of<RowsOut>(a, 3, "h"), array_of<Out>(a, 4, "c"), array_of<Out>(a, 5, "gates"), reverse, true, ids);
    };
    const LstmForward one = of(forward, false), other = of(backward, true);
    nb::gil_scoped_release release;
    set_of(isa).bilstm_forward(one, other);
}

void bilstm_backward(int isa, In x, Ids lengths, nb::tuple forward, nb::tuple backward, std::optional<Ids> ids) {
    const auto of = [&](nb::tuple a, bool reverse) {
        if (nb::len(a) != 12) throw nb::value_error("a direction is dh, dh_end, dc_end, Wx, Wh, h, c, gates, dx, dWx, dWh, db");
        const Lstm arrays{array_of<In>(a, 3, "Wx"), array_of<In>(a, 4, "Wh"), array_of<RowsIn>(a, 5, "h"), array_of<In>(a, 6, "c"),
                          array_of<Out>(a, 7, "gates"), array_of<Out>(a, 8, "dx"), array_of<Out>(a, 9, "dWx"),
                          array_of<Out>(a, 10, "dWh"), array_of<Out>(a, 11, "db")};
        return lstm_of(array_of<RowsIn>(a, 0, "dh"), array_of<Out>(a, 1, "dh_end"), array_of<Out>(a, 2, "dc_end"), x, lengths, arrays,
                       reverse, true, ids);
    };
    const LstmBackward one = of(forward, false), other = of(backward, true);
    nb::gil_scoped_release release;
    set_of(isa).bilstm_backward(one, other);
}

struct Attended {
    int T, B, S, E, M;  // E: columns of q; M: of the memory
};

// The common arguments of the attention kernels; bias: of the score, or its gradient.
template <typename Weights, typename Bias>
Attended attended(const In& q, const In& memory, const Ids& lengths, const Weights& weights, const char* name, const Bias& bias) {
    rank("q", q, 3);
    rank("memory", memory, 3);
    const Attended n{dim(q, 0), dim(q, 1), dim(memory, 0), dim(q, 2), dim(memory, 2)};
    expect("memory", memory, n.S, n.B, n.M);
    expect("lengths", lengths, n.B);
    expect("weights", weights, n.T, n.B, n.S);
    if (bias) expect(name, *bias, n.T, n.S);
    return n;
}

// The incoming gradients of attention's backward pass.
void arriving(const Attended& n, const RowsIn& dcontext, const std::optional<In>& dweights) {
    expect("dcontext", dcontext, n.T, n.B, n.M);
    if (dweights) expect("dweights", *dweights, n.T, n.B, n.S);
}

void attention_forward(int isa, In q, In memory, Ids lengths, Out weights, RowsOut context, std::optional<In> bias) {
    const Attended n = attended(q, memory, lengths, weights, "bias", bias);
    expect("memory", memory, n.S, n.B, n.E);
    expect("context", context, n.T, n.B, n.E);
    nb::gil_scoped_release release;
    set_of(isa).attention_forward(n.T, n.B, n.S, n.E, q.data(), memory.data(), lengths.data(), weights.data(), context.data(),
                                  row_of("context", context), maybe(bias));
}

void attention_backward(int isa, RowsIn dcontext, std::optional<In> dweights, In q, In memory, Ids lengths, In weights, Out dq,
                        Out dmemory, std::optional<Out> dbias) {
    const Attended n = attended(q, memory, lengths, weights, "dbias", dbias);
    expect("memory", memory, n.S, n.B, n.E);
    arriving(n, dcontext, dweights);
    same_shape("dq", dq, q);
    same_shape("dmemory", dmemory, memory);
    nb::gil_scoped_release release;
    set_of(isa).attention_backward(n.T, n.B, n.S, n.E, dcontext.data(), row_of("dcontext", dcontext), maybe(dweights), q.data(),
                                   memory.data(), lengths.data(), weights.data(), dq.data(), dmemory.data(), maybe(dbias));
}

void additive_attention_forward(int isa, In q, In keys, In v, In memory, Ids lengths, Out weights, RowsOut context,
                                std::optional<In> bias) {
    const Attended n = attended(q, memory, lengths, weights, "bias", bias);
    expect("keys", keys, n.S, n.B, n.E);
    expect("v", v, n.E);
    expect("context", context, n.T, n.B, n.M);
    nb::gil_scoped_release release;
    set_of(isa).additive_attention_forward(n.T, n.B, n.S, n.E, n.M, q.data(), keys.data(), v.data(), memory.data(), lengths.data(),
                                           weights.data(), context.data(), row_of("context", context), maybe(bias));
}

void additive_attention_backward(int isa, RowsIn dcontext, std::optional<In> dweights, In q, In keys, In v, In memory, Ids lengths,
                                 In weights, Out dq, Out dkeys, Out dv, Out dmemory, std::optional<Out> dbias) {
    const Attended n = attended(q, memory, lengths, weights, "dbias", dbias);
    expect("keys", keys, n.S, n.B, n.E);
    expect("v", v, n.E);
    arriving(n, dcontext, dweights);
    same_shape("dq", dq, q);
    same_shape("dkeys", dkeys, keys);
    same_shape("dv", dv, v);
    same_shape("dmemory", dmemory, memory);
    nb::gil_scoped_release release;
    set_of(isa).additive_attention_backward(n.T, n.B, n.S, n.E, n.M, dcontext.data(), row_of("dcontext", dcontext), maybe(dweights),
                                            q.data(), keys.data(), v.data(), memory.data(), lengths.data(), weights.data(),
                                            dq.data(), dkeys.data(), dv.data(), dmemory.data(), maybe(dbias));
}

void cross_entropy_forward(int isa, In logits, Ids targets, Ids lengths, double smoothing, Out probs, Out nll) {
    rank("logits", logits, 3);
    const int T = dim(logits, 0), B = dim(logits, 1), V = dim(logits, 2);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("probs", probs, T, B, V);
    expect("nll", nll, T, B);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).cross_entropy_forward(T, B, V, logits.data(), targets.data(), lengths.data(), static_cast<float>(smoothing),
                                      probs.data(), nll.data());
}

void cross_entropy_backward(int isa, In probs, Ids targets, Ids lengths, double smoothing, double scale, Out dlogits) {
    rank("probs", probs, 3);
    const int T = dim(probs, 0), B = dim(probs, 1), V = dim(probs, 2);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("dlogits", dlogits, T, B, V);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).cross_entropy_backward(T, B, V, probs.data(), targets.data(), lengths.data(), static_cast<float>(smoothing),
                                       static_cast<float>(scale), dlogits.data());
}

// The common arguments of the copy kernels; source: target id of each source symbol, -1 for none.
void mixture(const In& logits, const In& weights, const In& gate, const Ids& source) {
    rank("logits", logits, 3);
    rank("source", source, 2);
    const int T = dim(logits, 0), B = dim(logits, 1), S = dim(source, 0);
    expect("weights", weights, T, B, S);
    expect("gate", gate, T, B);
    expect("source", source, S, B);
    in_range("source", source, dim(logits, 2), -1);
}

void copy_cross_entropy_forward(int isa, In logits, In weights, In gate, Ids source, Ids targets, Ids lengths,
                                double smoothing, Out probs, Out nll) {
    mixture(logits, weights, gate, source);
    const int T = dim(logits, 0), B = dim(logits, 1), V = dim(logits, 2), S = dim(source, 0);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("probs", probs, T, B, V);
    expect("nll", nll, T, B);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).copy_cross_entropy_forward(T, B, V, S, logits.data(), weights.data(), gate.data(), source.data(),
                                           targets.data(), lengths.data(), static_cast<float>(smoothing), probs.data(),
                                           nll.data());
}

void copy_cross_entropy_backward(int isa, In probs, In weights, In gate, Ids source, Ids targets, Ids lengths,
                                 double smoothing, double scale, Out dlogits, Out dweights, Out dgate) {
    mixture(probs, weights, gate, source);
    const int T = dim(probs, 0), B = dim(probs, 1), V = dim(probs, 2), S = dim(source, 0);
    expect("targets", targets, T, B);
    expect("lengths", lengths, B);
    expect("dlogits", dlogits, T, B, V);
    expect("dweights", dweights, T, B, S);
    expect("dgate", dgate, T, B);
    in_range("targets", targets, V);
    nb::gil_scoped_release release;
    set_of(isa).copy_cross_entropy_backward(T, B, V, S, probs.data(), weights.data(), gate.data(), source.data(),
                                            targets.data(), lengths.data(), static_cast<float>(smoothing),
                                            static_cast<float>(scale), dlogits.data(), dweights.data(), dgate.data());
}

void copy_log_probs(int isa, In logits, In weights, In gate, Ids source, Out log_probs) {
    mixture(logits, weights, gate, source);
    const int T = dim(logits, 0), B = dim(logits, 1), V = dim(logits, 2), S = dim(source, 0);
    expect("log_probs", log_probs, T, B, V);
    nb::gil_scoped_release release;
    set_of(isa).copy_log_probs(T, B, V, S, logits.data(), weights.data(), gate.data(), source.data(), log_probs.data());
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

}  // namespace

void bind_layers(nb::module_& m) {
    using namespace nb::literals;
    m.def("embedding_forward", &embedding_forward, "isa"_a, array("W"), array("ids"), array("out"));
    m.def("embedding_backward", &embedding_backward, "isa"_a, array("dout"), array("ids"), array("dW"));
    m.def("affine_forward", &affine_forward, "isa"_a, array("x"), array("W"), maybe_array("b"), array("out"));
    m.def("affine_backward", &affine_backward, "isa"_a, array("dout"), array("x"), array("W"), array("dx"), array("dW"),
          maybe_array("db"), "add"_a = false);
    m.def("tied_affine_forward", &tied_affine_forward, "isa"_a, array("x"), array("E"), array("b"), array("out"));
    m.def("tied_affine_backward", &tied_affine_backward, "isa"_a, array("dout"), array("x"), array("E"), array("dx"), array("dE"),
          array("db"));
    m.def("lstm_forward", &lstm_forward, "isa"_a, array("x"), array("lengths"), array("Wx"), array("Wh"), array("b"),
          array("h"), array("c"), array("gates"), "reverse"_a, "zero_start"_a = false, maybe_array("ids") = nb::none());
    m.def("lstm_backward", &lstm_backward, "isa"_a, array("dh"), array("dh_end"), array("dc_end"), array("x"), array("lengths"),
          array("Wx"), array("Wh"), array("h"), array("c"), array("gates"), array("dx"), array("dWx"), array("dWh"),
          array("db"), "reverse"_a, "zero_start"_a = false, maybe_array("ids") = nb::none());
    m.def("bilstm_forward", &bilstm_forward, "isa"_a, array("x"), array("lengths"), "forward"_a, "backward"_a,
          maybe_array("ids") = nb::none());
    m.def("bilstm_backward", &bilstm_backward, "isa"_a, array("x"), array("lengths"), "forward"_a, "backward"_a,
          maybe_array("ids") = nb::none());
    m.def("attention_forward", &attention_forward, "isa"_a, array("q"), array("memory"), array("lengths"), array("weights"),
          array("context"), maybe_array("bias") = nb::none());
    m.def("attention_backward", &attention_backward, "isa"_a, array("dcontext"), maybe_array("dweights"), array("q"),
          array("memory"), array("lengths"), array("weights"), array("dq"), array("dmemory"),
          maybe_array("dbias") = nb::none());
    m.def("additive_attention_forward", &additive_attention_forward, "isa"_a, array("q"), array("keys"), array("v"),
          array("memory"), array("lengths"), array("weights"), array("context"), maybe_array("bias") = nb::none());
    m.def("additive_attention_backward", &additive_attention_backward, "isa"_a, array("dcontext"), maybe_array("dweights"),
          array("q"), array("keys"), array("v"), array("memory"), array("lengths"), array("weights"), array("dq"),
          array("dkeys"), array("dv"), array("dmemory"), maybe_array("dbias") = nb::none());
    m.def("cross_entropy_forward", &cross_entropy_forward, "isa"_a, array("logits"), array("targets"), array("lengths"),
          "smoothing"_a, array("probs"), array("nll"));
    m.def("cross_entropy_backward", &cross_entropy_backward, "isa"_a, array("probs"), array("targets"), array("lengths"),
          "smoothing"_a, "scale"_a, array("dlogits"));
    m.def("copy_cross_entropy_forward", &copy_cross_entropy_forward, "isa"_a, array("logits"), array("weights"), array("gate"),
          array("source"), array("targets"), array("lengths"), "smoothing"_a, array("probs"), array("nll"));
    m.def("copy_cross_entropy_backward", &copy_cross_entropy_backward, "isa"_a, array("probs"), array("weights"), array("gate"),
          array("source"), array("targets"), array("lengths"), "smoothing"_a, "scale"_a, array("dlogits"), array("dweights"),
          array("dgate"));
    m.def("copy_log_probs", &copy_log_probs, "isa"_a, array("logits"), array("weights"), array("gate"), array("source"),
          array("log_probs"));
    m.def("tanh_forward", &tanh_forward, "isa"_a, array("x"), array("out"));
    m.def("tanh_backward", &tanh_backward, "isa"_a, array("dout"), array("y"), array("dx"));
    m.def("clear", &clear, "isa"_a, array("out"));
    m.def("dropout", &dropout, "isa"_a, array("x"), array("mask"), array("out"));
    m.def("squared_norm", &squared_norm, "isa"_a, array("x"));
    m.def("adam_update", &adam_update, "isa"_a, array("params"), array("grads"), array("m"), array("v"), "rate"_a, "beta1"_a,
          "beta2"_a, "eps"_a, "weight_decay"_a, "step"_a, "scale"_a);
}

}  // namespace seqwright
