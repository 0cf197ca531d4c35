"""A model as graphs for ONNX Runtime: the same encoder, decoder and search, made of ONNX operators.

`graph` adds operators and checks the result, `weights` stores weights in a precision, `encoder`, `lstm` and `decoder`
follow the modules of those names in `models` and `nn`, `network` averages an ensemble, `search` follows `search.beam`,
and `export` writes the files.
"""
