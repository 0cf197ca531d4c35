"""The compiled kernels, the fast twin of `kernels.reference`; the module `_native` is absent where none were built."""
