"""A model as one HTML file: the playground of the server, with the model and an engine in JavaScript inside.

`engine/` computes what `nn`, `models`, `search`, `data` and `inference` define, for one source at a time, in a worker
of the browser. It is the third implementation of a network, held to `predict` by a test in a browser.
"""
