"""Tools for tests of layers and searches, shipped so that a layer written elsewhere can be checked in the same way."""
