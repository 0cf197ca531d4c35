// Thread-local scratch memory by slot, aligned to 64 bytes. It is kept for the next call and freed when the thread ends. Outputs
// of kernels are never here: the caller allocates them.
#pragma once

#include <stddef.h>

namespace seqwright {

enum class Slot { packed, bias, rows, tile, panel, step, state, count };

// At least n uninitialised floats, valid until the next call of the same thread with the same slot.
float* workspace(Slot slot, size_t n);

}  // namespace seqwright
