// The searches for the best or for some answers, which read one or several networks: beam and sample.
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "networks.hpp"

namespace seqwright {
namespace {

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
        read_decoding<In>(isa, network, item(members, m));
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

void read_search(int isa, Searched& searched, const nb::sequence& members, nb::handle automaton, int start_id, int end_id,
                 const Ids& limits, const Ids& shortest, const IdsOut& ids, const Out& log_probs, const IdsOut& lengths,
                 const IdsOut& own_end, const std::optional<Out>& attended) {
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
    read_search(isa, searched, members, automaton, start_id, end_id, limits, shortest, ids, log_probs, lengths, own_end, attended);
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
    read_search(isa, searched, members, automaton, start_id, end_id, limits, shortest, ids, log_probs, lengths, own_end, attended);
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

void bind_search(nb::module_& m) {
    using namespace nb::literals;
    m.def("beam", &beam, "isa"_a, "members"_a, "automaton"_a.none(), "start_id"_a, "end_id"_a, array("limits"),
          array("shortest"), "groups"_a, "diversity"_a, array("ids"), array("log_probs"), array("lengths"), array("own_end"),
          maybe_array("attended"));
    m.def("sample", &sample, "isa"_a, "members"_a, "automaton"_a.none(), "start_id"_a, "end_id"_a, array("limits"),
          array("shortest"), array("uniforms"), "temperature"_a, "top_k"_a, "top_p"_a, array("ids"), array("log_probs"),
          array("lengths"), array("own_end"), maybe_array("attended"));
}

}  // namespace seqwright
