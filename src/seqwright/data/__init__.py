"""From a file of pairs to arrays of ids: readers → text → vocabulary → batches, each in a module of that name.

`readers` knows files, `text` knows what a token is, `vocabulary` knows numbers, `batches` knows padding.
None of them knows a network.
"""
