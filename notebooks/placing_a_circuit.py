# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Placing a circuit on a network of QPUs
#
# Which qubit goes on which processor, and what do the gates between them cost? This notebook takes
# a circuit of 16 qubits, the quantum Fourier transform, and places it on small QPUs: to make few
# Bell pairs, within the communication qubits that there are, and as programs that the QPUs could
# run.
#
# The search also starts from the placements of a hypergraph partitioner where the extra `partition`
# is installed (`pip install 'tnqlstm[partition]'`). Numbers and pictures below are those of a
# search without it; with it a few e-bits can be fewer, and other placements of equal cost be found.

# %%
# %matplotlib inline
import math
from importlib.util import find_spec

import matplotlib.pyplot as plt
import numpy as np

import tnqlstm as tnq

plt.rcParams["figure.dpi"] = 120

n = 16


def fourier_transform(n):
    operations = []
    for i in range(n):
        operations.append(("H", (i,)))
        operations += [("CP", (j, i), math.pi / 2 ** (j - i)) for j in range(i + 1, n)]
    return tnq.Circuit(n, tuple(operations))


circuit = fourier_transform(n)
print(circuit)
print("the extra partition is installed:", find_spec("mtkahypar") is not None)

# %% [markdown]
# ## Two QPUs
#
# Half of the 120 gates cross if the first eight qubits are on one QPU and the others on the other.
# But one *e-bit*, a shared Bell pair, copies a qubit to the other QPU in the eigenbasis of Z, and
# the copy serves every controlled phase until something disturbs that basis. So eight e-bits are
# enough for 64 gates.

# %%
network = tnq.QPUNetwork.line(2, qubits=8)
placed = tnq.partition(circuit, network, cost="ebits")
print(placed.report())

# %% [markdown]
# In the picture, of the transform of six qubits, gates that share an e-bit have a colour and a
# number; the thin line on a wire is how long the copy of that qubit lives.

# %%
tnq.partition(fourier_transform(6), tnq.QPUNetwork.line(2, qubits=3), cost="ebits").draw_circuit()

# %% [markdown]
# ## Stars, room to spare, and qubits that move
#
# On a star the copies of a qubit share links, as in a Steiner tree, and gates may be done on a
# third QPU, where both their qubits have copies.

# %%
star = tnq.QPUNetwork.star(5, qubits=4)
tnq.partition(circuit, star, cost="ebits").draw()

# %% [markdown]
# Random layers of H and CZ are harder to pack, and room for one more qubit on each QPU helps.
# Where the second half of a circuit joins other qubits than the first, qubits had better move.

# %%
rng = np.random.default_rng(1)


def random_layers(groups, depth):
    """H on about half of the qubits, CZ on random pairs of the others within each group."""
    layers = []
    for _ in range(depth):
        for group in groups:
            paired = rng.permutation([q for q in group if rng.random() < 0.5])
            layers += [("H", (q,)) for q in group if q not in paired]
            layers += [("CZ", pair) for pair in zip(paired[::2], paired[1::2], strict=False)]
    return layers


random = tnq.Circuit(n, tuple(random_layers([range(n)], n)))
halves = random_layers([range(8), range(8, 16)], 20)
halves += random_layers([[*range(6), 14, 15], range(6, 14)], 20)
changing = tnq.Circuit(n, tuple(halves))

for name, each in (("random", random), ("changing", changing)):
    for qubits, may_move in ((8, False), (10, False), (10, True)):
        pair = tnq.QPUNetwork.line(2, qubits=qubits)
        found = tnq.partition(each, pair, cost="ebits", may_move=may_move)
        print(
            f"{name:<8} 2 × {qubits:2} qubits: {found.n_ebits:2} e-bits, {len(found.moves)} moves"
        )

# %% [markdown]
# A circuit small enough to be drawn: qubits that move are marked where they leave.

# %%
rng = np.random.default_rng(8)
small = random_layers([[0, 1, 2], [3, 4, 5]], 8) + random_layers([[0, 1, 5], [2, 3, 4]], 8)
pair = tnq.QPUNetwork.line(2, qubits=4)
found = tnq.partition(tnq.Circuit(6, tuple(small)), pair, cost="ebits", may_move=True)
found.draw_circuit()

# %% [markdown]
# ## How many QPUs?
#
# The table places the circuit on more and more QPUs in a line.

# %%
table = tnq.cost_table(circuit, n_qpus=(2, 3, 4, 5, 8), topology="line")
print(table)
table.draw()

# %% [markdown]
# ## Communication qubits and time
#
# A copy takes a communication qubit as long as it lives. Where there are too few, copies are undone
# and made again: more e-bits. Links with a rate and a latency give the schedule its seconds.

# %%
link = tnq.Link(rate=1e4, latency=1e-5)  # 10,000 Bell pairs a second, 10 µs a message
limits, ebits, milliseconds = (1, 2, 3, 4, 6, 8), [], []
for limit in limits:
    network = tnq.QPUNetwork.line(2, qubits=8, link=link, communication_qubits=limit)
    found = tnq.partition(random, network, cost="ebits")
    ebits.append(found.n_ebits)
    milliseconds.append(found.schedule().seconds * 1e3)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
left.plot(limits, ebits, "o-")
right.plot(limits, milliseconds, "s-")
left.set(xlabel="communication qubits on each QPU", ylabel="e-bits", ylim=(0, None))
left.yaxis.get_major_locator().set_params(integer=True)
right.set(xlabel="communication qubits on each QPU", ylabel="time in ms", ylim=(0, None))
plt.show()

# %% [markdown]
# ## Programs
#
# One OpenQASM 3 program a QPU, here for a cut CX. `@ebit` says which two qubits share a Bell pair;
# measured bits go over `send` and `receive`.

# %%
pair = tnq.Circuit(2, (("H", (0,)), ("CX", (0, 1))))
programs = tnq.partition(pair, tnq.QPUNetwork.line(2, qubits=1)).programs()
for text in programs.values():
    print(text)

# %% [markdown]
# ## Into a QLSTM
#
# A placed circuit is what a VQC takes, so a partition's price stands beside the model it serves.

# %%
network = tnq.QPUNetwork.line(3, qubits=2)
model = tnq.QLSTM(input_size=1, hidden_size=5, scheme="linked", network=network)
print(model.n_cut_gates, "cut gates and", model.n_ebits, "e-bits in each time step")
