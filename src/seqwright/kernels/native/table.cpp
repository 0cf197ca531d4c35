#include "layers.hpp"

#define SEQWRIGHT_TEXT(isa) #isa
#define SEQWRIGHT_NAME(isa) SEQWRIGHT_TEXT(isa)
#define SEQWRIGHT_ENTRY(result, name, arguments) name,

namespace seqwright::SEQWRIGHT_ISA {

extern const Kernels kernels = {SEQWRIGHT_NAME(SEQWRIGHT_ISA), SEQWRIGHT_KERNELS(SEQWRIGHT_ENTRY)};

}  // namespace seqwright::SEQWRIGHT_ISA
