"""Layers: parameters, forward and backward side by side, composed by hand in `seqwright.models`.

A layer's `forward(p, ..., cache)` leaves in `cache` what its `backward(p, ..., grads, cache)` needs. Whatever either
returns is a view of `cache` that the next call with the same cache overwrites. Gradients of parameters are added to
`grads`, which has the type of `p`.
"""
