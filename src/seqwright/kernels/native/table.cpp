#include "layers.hpp"

#define SEQWRIGHT_TEXT(isa) #isa
#define SEQWRIGHT_NAME(isa) SEQWRIGHT_TEXT(isa)

namespace seqwright::SEQWRIGHT_ISA {

extern const Kernels kernels = {
    SEQWRIGHT_NAME(SEQWRIGHT_ISA),
    embedding_forward,
    embedding_backward,
    affine_forward,
    affine_backward,
    lstm_forward,
    lstm_backward,
    attention_forward,
    attention_backward,
    additive_attention_forward,
    additive_attention_backward,
    cross_entropy_forward,
    cross_entropy_backward,
    copy_cross_entropy_forward,
    copy_cross_entropy_backward,
    copy_log_probs,
    tanh_forward,
    tanh_backward,
    clear,
    dropout,
    squared_norm,
    adam_update,
    encoder_size,
    pack_encoder,
    encode,
    decoder_size,
    pack_decoder,
    generate,
    search,
};

}  // namespace seqwright::SEQWRIGHT_ISA
