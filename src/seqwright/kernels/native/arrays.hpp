// Arguments from Python and their validation; a mismatch raises an exception that states the expected shape or type.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <optional>
#include <string>
#include <vector>

namespace seqwright {

namespace nb = nanobind;

template <typename T>
using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using In = Array<const float>;
using Out = Array<float>;
using Ids = Array<const int32_t>;
using IdsOut = Array<int32_t>;
using RowsIn = nb::ndarray<const float, nb::device::cpu>;  // rows that may be columns of something wider: see row_of
using RowsOut = nb::ndarray<float, nb::device::cpu>;
using Shape = std::vector<int64_t>;

inline std::string text(const Shape& shape) {
    std::string s = "(";
    for (size_t i = 0; i < shape.size(); i++) s += (i ? ", " : "") + std::to_string(shape[i]);
    return s + (shape.size() == 1 ? ",)" : ")");
}

template <typename A>
Shape shape_of(const A& array) {
    Shape shape;
    for (size_t i = 0; i < array.ndim(); i++) shape.push_back(static_cast<int64_t>(array.shape(i)));
    return shape;
}

template <typename A>
[[noreturn]] void wrong_shape(const char* name, const A& array, const std::string& expected) {
    throw nb::value_error((std::string(name) + " has shape " + text(shape_of(array)) + ", expected " + expected).c_str());
}

// Kernels count rows and columns in int. A width of kMostWide can be multiplied for 4H, H + P or panels of 32 columns
// without overflow. Rows are those of all leading dimensions together. An array without elements has its sizes, too.
constexpr int64_t kMostRows = 1 << 30, kMostWide = 1 << 24;

template <typename A>
void indexable(const char* name, const A& array) {
    int64_t rows = 1;
    bool fits = true;
    for (size_t i = 0; fits && i < array.ndim(); i++) {
        const int64_t size = static_cast<int64_t>(array.shape(i));
        fits = size <= (array.ndim() == 1 ? kMostRows : kMostWide);
        if (i + 1 < array.ndim() && size > 0) rows *= size;  // at most 2^54
        fits = fits && rows <= kMostRows;
    }
    if (fits) return;
    throw nb::value_error((std::string(name) + " has shape " + text(shape_of(array)) + ", more than the kernels can index: at most " +
                           std::to_string(kMostWide) + " along a dimension, and " + std::to_string(kMostRows) + " rows").c_str());
}

template <typename A>
void rank(const char* name, const A& array, size_t n) {
    if (array.ndim() != n) wrong_shape(name, array, std::to_string(n) + " dimensions");
    indexable(name, array);
}

template <typename A, typename... Sizes>
void expect(const char* name, const A& array, Sizes... sizes) {
    const int64_t wanted[] = {static_cast<int64_t>(sizes)...};
    bool same = array.ndim() == sizeof...(sizes);
    for (size_t i = 0; same && i < sizeof...(sizes); i++) same = static_cast<int64_t>(array.shape(i)) == wanted[i];
    if (!same) wrong_shape(name, array, text({static_cast<int64_t>(sizes)...}));
}

template <typename A, typename C>
void same_shape(const char* name, const A& array, const C& as) {
    if (shape_of(array) != shape_of(as)) wrong_shape(name, array, text(shape_of(as)));
}

template <typename A>
int dim(const A& array, size_t i) {
    return static_cast<int>(array.shape(i));
}

// lowest: smallest valid id, -1 if that means no symbol.
inline void in_range(const char* name, const Ids& ids, int64_t V, int32_t lowest = 0) {
    const int32_t* data = ids.data();
    const size_t n = ids.size();
    uint32_t top = 0;  // an id below the lowest is a large unsigned number
    for (size_t i = 0; i < n; i++) {
        const uint32_t above = static_cast<uint32_t>(data[i]) - static_cast<uint32_t>(lowest);
        top = above > top ? above : top;
    }
    if (n == 0 || top < V - lowest) return;
    for (size_t i = 0; i < n; i++)
        if (data[i] < lowest || data[i] >= V)
            throw nb::index_error((std::string(name) + " holds " + std::to_string(data[i]) + ", expected " + std::to_string(lowest) +
                                   " <= id < " + std::to_string(V)).c_str());
}

inline void an_id(const char* name, int id, int V) {
    if (id < 0 || id >= V)
        throw nb::index_error((std::string(name) + " is " + std::to_string(id) + ", expected 0 <= id < " + std::to_string(V)).c_str());
}

template <typename A>
auto maybe(const std::optional<A>& array) -> decltype(array->data()) {
    return array ? array->data() : nullptr;
}

// Stride of the rows of (N, H) or (T, B, H), each of which is contiguous; the stride is the same for all rows.
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

// ------------------------------------------------------------------------------------------------- arrays in tuples
inline nb::object item(nb::handle sequence, size_t i) { return nb::borrow<nb::object>(sequence[i]); }

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

}  // namespace seqwright
