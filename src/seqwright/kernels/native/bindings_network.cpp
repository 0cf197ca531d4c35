// Bindings of networks and of the searches over them: beam search, sampling, and scoring of given targets.
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "network.hpp"

namespace seqwright {
namespace {

// ------------------------------------------------------------------------------------------- a network from Python
nb::object named(const nb::dict& given, const std::string& name, const char* what) {
    if (!given.contains(name.c_str())) throw nb::value_error((std::string(what) + name + " is missing").c_str());
    return nb::borrow<nb::object>(given[name.c_str()]);
}

class SpecReader {
  public:
    explicit SpecReader(const nb::dict& given) : given_(given) {}

    int size(const char* name, int64_t least) const {
        int64_t value = 0;
        if (!nb::try_cast<int64_t>(named(given_, name, "spec: "), value) || value < least || value > kMostWide)
            throw nb::value_error((std::string("spec: ") + name + " is " + shown(name) + ", expected a number from " +
                                   std::to_string(least) + " to " + std::to_string(kMostWide)).c_str());
        return static_cast<int>(value);
    }
    bool flag(const char* name) const { return nb::cast<bool>(nb::bool_(named(given_, name, "spec: "))); }
    std::string text(const char* name) const { return nb::cast<std::string>(nb::str(named(given_, name, "spec: "))); }

  private:
    std::string shown(const char* name) const { return nb::cast<std::string>(nb::repr(named(given_, name, "spec: "))); }
    const nb::dict& given_;
};

const ScoreKind* score_named(const std::string& name) {
    if (name == "none") return nullptr;
    std::string known;
    for (const ScoreKind& score : kScores) {
        if (name == score.name) return &score;
        known += std::string(", ") + score.name;
    }
    throw nb::value_error(("spec: attention is '" + name + "', expected one of none" + known).c_str());
}

NetworkSpec read_spec(const nb::dict& given) {
    const SpecReader read(given);
    NetworkSpec s{};
    s.source_vocab_size = read.size("source_vocab_size", 0);
    s.target_vocab_size = read.size("target_vocab_size", 0);
    s.embedding_size = read.size("embedding_size", 1);
    s.hidden_size = read.size("hidden_size", 1);
    s.encoder_layers = read.size("encoder_layers", 1);
    s.decoder_layers = read.size("decoder_layers", 1);
    s.bidirectional = read.flag("bidirectional");
    s.reversed_source = read.flag("reversed_source");
    s.cell_crosses = read.text("bridge") == "hc";
    s.score = score_named(read.text("attention"));
    s.distance_bias = read.flag("distance_bias");
    s.peeky = read.flag("peeky");
    s.sum_features = read.flag("sum_features");
    s.copying = read.flag("copying");
    s.tied = read.flag("tied");
    if (s.decoder_layers > s.encoder_layers) throw nb::value_error("spec: decoder_layers is more than encoder_layers");
    if (s.bidirectional && s.reversed_source) throw nb::value_error("spec: a bidirectional encoder has no reversed_source");
    if (s.score == nullptr && (s.copying || s.distance_bias)) throw nb::value_error("spec: copying and distance_bias need attention");
    if (s.score != nullptr && s.score->keys == nullptr && s.bidirectional)
        throw nb::value_error((std::string("spec: attention ") + s.score->name + " needs a memory as wide as the decoder").c_str());
    if (s.tied && (s.peeky || s.sum_features || s.embedding_size != s.hidden_size))
        throw nb::value_error("spec: tied weights need embedding_size = hidden_size, neither peeky nor sum_features");
    return s;
}

template <typename A>
A array_named(const nb::dict& arrays, const std::string& name) {
    A array;
    if (!nb::try_cast<A>(named(arrays, name, "array "), array, false))
        throw nb::type_error((name + " is not a contiguous array of the right type").c_str());
    return array;
}

void make_network(Network* self, int isa, const nb::dict& spec, const nb::dict& arrays, bool int8) {
    const NetworkSpec read = read_spec(spec);
    std::vector<In> held;  // until everything is packed
    size_t n_used = 0;
    const Find find = [&](const std::string& name, std::vector<int64_t>& shape) {
        nb::gil_scoped_acquire acquire;
        held.push_back(array_named<In>(arrays, name));
        const In& array = held.back();
        indexable(name.c_str(), array);
        Shape found = shape_of(array);
        for (size_t i = 0; i < shape.size() && found.size() == shape.size(); i++)
            if (shape[i] < 0) shape[i] = found[i];
        if (found != shape) wrong_shape(name.c_str(), array, text(shape));
        n_used++;
        return array.data();
    };
    Ids copy_map;
    Array<const bool> feature_mask;
    if (read.copying) {
        copy_map = array_named<Ids>(arrays, "copy_map");
        expect("copy_map", copy_map, read.source_vocab_size);
        in_range("copy_map", copy_map, read.target_vocab_size, -1);
        n_used++;
    }
    if (read.sum_features) {
        feature_mask = array_named<Array<const bool>>(arrays, "feature_mask");
        expect("feature_mask", feature_mask, read.source_vocab_size);
        n_used++;
    }
    const Kernels& kernels = set_of(isa);
    {
        nb::gil_scoped_release release;
        new (self) Network(kernels, read, find, read.copying ? copy_map.data() : nullptr,
                           read.sum_features ? feature_mask.data() : nullptr, int8);
    }
    if (n_used != nb::len(arrays)) {
        self->~Network();
        throw nb::value_error(("the spec has " + std::to_string(n_used) + " arrays, " + std::to_string(nb::len(arrays)) + " were given").c_str());
    }
}

Sources read_sources(const Network& network, const Ids& ids, const Ids& lengths) {
    rank("source", ids, 2);
    expect("source_lengths", lengths, ids.shape(1));
    in_range("source", ids, network.spec.source_vocab_size);
    return {ids.data(), lengths.data(), dim(ids, 0), dim(ids, 1)};
}

int memory_steps(const Network& network, const Ids& source, const Ids& source_lengths) {
    return network.memory_steps(read_sources(network, source, source_lengths));
}

void encode(const Network& network, const Ids& source, const Ids& source_lengths, const Out& h, const Out& c, const Out& memory) {
    const Sources s = read_sources(network, source, source_lengths);
    const int L = network.spec.decoder_layers, H = network.spec.hidden_size;
    expect("h", h, L, s.B, H);
    expect("c", c, L, s.B, H);
    expect("memory", memory, s.S, s.B, network.spec.bidirectional ? 2 * H : H);
    Encoding e{};
    e.ids = s.ids;
    e.lengths = s.lengths;
    e.S = s.S;
    e.B = s.B;
    e.h = h.data();
    e.c = c.data();
    e.memory = memory.data();
    nb::gil_scoped_release release;
    network.encode(e);
}

// ------------------------------------------------------------------------------------------------------- searches
// The common arguments of all searches, validated; they are kept alive by this object.
class Searched {
  public:
    Search g{};

    Searched(const nb::sequence& networks, const Ids& source, const Ids& source_lengths, const Ids& forbidden) : forbidden_(forbidden) {
        const size_t n = nb::len(networks);
        if (n == 0) throw nb::value_error("a search needs a network");
        for (size_t m = 0; m < n; m++) {
            held_.push_back(item(networks, m));
            if (!nb::isinstance<Network>(held_.back())) throw nb::type_error("a search takes a sequence of Networks");
            networks_.push_back(nb::cast<const Network*>(held_.back()));
            const Network &network = *networks_.back(), &first = *networks_.front();
            if (&network.isa != &first.isa) throw nb::value_error("the networks are for different instruction sets");
            if (network.spec.target_vocab_size != first.spec.target_vocab_size)
                throw nb::value_error("the networks have target vocabularies of different sizes");
            sources_ = read_sources(network, source, source_lengths);
            const int steps = network.memory_steps(sources_);
            if (network.spec.score == nullptr) attends_ = false;
            else if (steps_ >= 0 && steps != steps_) throw nb::value_error("the networks take different symbols for features");
            else steps_ = steps;
        }
        g.B = sources_.B;
        g.V = networks_[0]->spec.target_vocab_size;
        rank("forbidden", forbidden_, 1);
        in_range("forbidden", forbidden_, g.V);
        g.forbidden = forbidden_.data();
        g.n_forbidden = dim(forbidden_, 0);
    }

    void ends(int start_id, int end_id, const Ids& max_lengths) {
        an_id("start_id", start_id, g.V);
        if (end_id != -1) an_id("end_id", end_id, g.V);
        expect("max_lengths", max_lengths, g.B);
        const int end_steps = end_id == -1 ? 0 : 1;
        for (int b = 0; b < g.B; b++) {
            const int64_t most = max_lengths.data()[b];
            if (most + end_steps > g.T || g.T == 0)
                throw nb::value_error(("a limit of " + std::to_string(most) + " symbols and their end do not fit into " +
                                       std::to_string(g.T) + " steps of ids").c_str());
            if (end_id == -1 && most < 1) throw nb::value_error("without an end, a target has one symbol at least");
        }
        g.start_id = start_id;
        g.end_id = end_id;
        g.max_lengths = max_lengths.data();
        g.groups = 1;
    }

    void outputs(const IdsOut& ids, const Out& log_probs, const IdsOut& lengths, const IdsOut& ended_by_model,
                 const std::optional<Out>& attention_weights) {
        rank("ids", ids, 3);
        g.width = dim(ids, 1);
        g.T = dim(ids, 2);
        expect("ids", ids, g.B, g.width, g.T);
        expect("log_probs", log_probs, g.B, g.width, g.T);
        expect("lengths", lengths, g.B, g.width);
        expect("ended_by_model", ended_by_model, g.B, g.width);
        if (attention_weights) {
            if (!attends_) throw nb::value_error("attention_weights are for networks with attention; pass None");
            expect("attention_weights", *attention_weights, g.B, g.width, g.T, steps_);
        }
        g.ids = ids.data();
        g.log_probs = log_probs.data();
        g.lengths = lengths.data();
        g.ended_by_model = ended_by_model.data();
        g.attention_weights = maybe(attention_weights);
    }

    void constraint(nb::handle given) {
        if (given.is_none()) return;
        if (!nb::isinstance<nb::tuple>(given) || nb::len(given) != 5) throw nb::type_error("expected an Automaton");
        if (g.end_id == -1) throw nb::value_error("an automaton needs an end symbol");
        first_ = array_of<Array<const int64_t>>(given, 0, "first");
        symbols_ = array_of<Ids>(given, 1, "symbols");
        targets_ = array_of<Ids>(given, 2, "targets");
        accepting_ = array_of<Array<const bool>>(given, 3, "accepting");
        distances_ = array_of<Ids>(given, 4, "distances");
        if (accepting_.ndim() != 1 || accepting_.shape(0) == 0) wrong_shape("accepting", accepting_, "one state at least");
        rank("accepting", accepting_, 1);
        rank("symbols", symbols_, 1);
        const int N = dim(accepting_, 0);
        expect("first", first_, N + 1);
        expect("targets", targets_, symbols_.shape(0));
        expect("distances", distances_, N);
        automaton_ = {first_.data(), symbols_.data(), targets_.data(), accepting_.data(), distances_.data(), N,
                      static_cast<int64_t>(symbols_.shape(0))};
        g.automaton = &automaton_;
    }

    void run() const {
        nb::gil_scoped_release release;
        search(networks_, sources_, g);
    }

  private:
    std::vector<nb::object> held_;
    std::vector<const Network*> networks_;
    Sources sources_{};
    Ids forbidden_, symbols_, targets_, distances_;
    Array<const int64_t> first_;
    Array<const bool> accepting_;
    Automaton automaton_{};
    bool attends_ = true;
    int steps_ = -1;  // of the memory; -1: no network has attention
};

void beam(nb::sequence networks, Ids source, Ids source_lengths, Ids forbidden, int start_id, int end_id, Ids max_lengths,
          Ids min_lengths, nb::object automaton, int groups, double diversity, IdsOut ids, Out log_probs, IdsOut lengths,
          IdsOut ended_by_model, std::optional<Out> attention_weights) {
    Searched searched(networks, source, source_lengths, forbidden);
    Search& g = searched.g;
    searched.outputs(ids, log_probs, lengths, ended_by_model, attention_weights);
    searched.ends(start_id, end_id, max_lengths);
    searched.constraint(automaton);
    expect("min_lengths", min_lengths, g.B);
    g.min_lengths = min_lengths.data();
    if (groups < 1 || g.width % groups != 0)
        throw nb::value_error(("a beam of " + std::to_string(g.width) + " cannot be shared by " + std::to_string(groups) + " groups").c_str());
    g.groups = groups;
    g.diversity = diversity;
    searched.run();
}

void sample(nb::sequence networks, Ids source, Ids source_lengths, Ids forbidden, int start_id, int end_id, Ids max_lengths,
            Ids min_lengths, nb::object automaton, In uniforms, double temperature, int top_k, double top_p, IdsOut ids, Out log_probs,
            IdsOut lengths, IdsOut ended_by_model, std::optional<Out> attention_weights) {
    Searched searched(networks, source, source_lengths, forbidden);
    Search& g = searched.g;
    searched.outputs(ids, log_probs, lengths, ended_by_model, attention_weights);
    searched.ends(start_id, end_id, max_lengths);
    searched.constraint(automaton);
    expect("min_lengths", min_lengths, g.B);
    g.min_lengths = min_lengths.data();
    expect("uniforms", uniforms, g.B, g.T, g.width);
    g.groups = g.width == 0 ? 1 : g.width;
    g.uniforms = uniforms.data();
    g.temperature = static_cast<float>(temperature);
    g.top_k = top_k;
    g.top_p = top_p;
    searched.run();
}

void score(nb::sequence networks, Ids source, Ids source_lengths, Ids forbidden, int start_id, Ids targets, Ids target_lengths, IdsOut ids,
           Out log_probs, IdsOut lengths, IdsOut ended_by_model, std::optional<Out> attention_weights) {
    Searched searched(networks, source, source_lengths, forbidden);
    Search& g = searched.g;
    searched.outputs(ids, log_probs, lengths, ended_by_model, attention_weights);
    if (g.width != 1) throw nb::value_error("score takes one target of each source");
    searched.ends(start_id, -1, target_lengths);
    expect("targets", targets, g.B, g.T);
    in_range("targets", targets, g.V);
    g.min_lengths = target_lengths.data();
    g.targets = targets.data();
    searched.run();
}

}  // namespace

void bind_network(nb::module_& m) {
    using namespace nb::literals;
    nb::class_<Network>(m, "Network")
        .def("__init__", &make_network, "isa"_a, "spec"_a, "arrays"_a, "int8"_a = false)
        .def_prop_ro("attends", [](const Network& network) { return network.spec.score != nullptr; })
        .def("memory_steps", &memory_steps, array("source"), array("source_lengths"))
        .def("encode", &encode, array("source"), array("source_lengths"), array("h"), array("c"), array("memory"));
    m.def("beam", &beam, "networks"_a, array("source"), array("source_lengths"), array("forbidden"), "start_id"_a, "end_id"_a,
          array("max_lengths"), array("min_lengths"), "automaton"_a.none(), "groups"_a, "diversity"_a, array("ids"), array("log_probs"),
          array("lengths"), array("ended_by_model"), maybe_array("attention_weights"));
    m.def("sample", &sample, "networks"_a, array("source"), array("source_lengths"), array("forbidden"), "start_id"_a, "end_id"_a,
          array("max_lengths"), array("min_lengths"), "automaton"_a.none(), array("uniforms"), "temperature"_a, "top_k"_a, "top_p"_a,
          array("ids"), array("log_probs"), array("lengths"), array("ended_by_model"), maybe_array("attention_weights"));
    m.def("score", &score, "networks"_a, array("source"), array("source_lengths"), array("forbidden"), "start_id"_a, array("targets"),
          array("target_lengths"), array("ids"), array("log_probs"), array("lengths"), array("ended_by_model"),
          maybe_array("attention_weights"));
}

}  // namespace seqwright
