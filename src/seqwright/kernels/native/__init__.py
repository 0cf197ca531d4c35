"""Compiled kernels, the counterpart of `kernels.reference`; `_native` is absent in installs without a compiler."""
