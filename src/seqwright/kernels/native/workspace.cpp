#include "workspace.hpp"

#include <new>

namespace seqwright {
namespace {

constexpr std::align_val_t kLine{64};

struct Arena {
    float* data[static_cast<size_t>(Slot::count)] = {};
    size_t size[static_cast<size_t>(Slot::count)] = {};

    ~Arena() {
        for (float* block : data) ::operator delete(block, kLine);
    }
};

}  // namespace

float* workspace(Slot slot, size_t n) {
    thread_local Arena arena;
    const auto s = static_cast<size_t>(slot);
    if (arena.size[s] < n) {
        const size_t grown = n + n / 4 + 64;  // batches of a bucket differ by a step or two: do not move for each
        ::operator delete(arena.data[s], kLine);
        arena.data[s] = nullptr;
        arena.size[s] = 0;
        arena.data[s] = static_cast<float*>(::operator new(grown * sizeof(float), kLine));
        arena.size[s] = grown;
    }
    return arena.data[s];
}

}  // namespace seqwright
