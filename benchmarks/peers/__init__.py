"""Other simulators, each used as its documentation says is fastest, in a process of their own.

They live in `.venv-peers` (`make peers`), since some need other builds of what we use. Nothing here
imports tnqlstm or torch.
"""
