// Scratch memory that belongs to a thread: asked for by slot and size, 64-byte aligned, kept for the next call, given back
// when the thread ends. A kernel's outputs are never here: those are the caller's.
#pragma once

#include <stddef.h>

namespace seqwright {

enum class Slot { packed, bias, rows, tile, panel, step, state, count };

// At least n floats, with whatever the slot last held. Valid until the same thread asks for the same slot again.
float* workspace(Slot slot, size_t n);

}  // namespace seqwright
