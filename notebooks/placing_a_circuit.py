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

# %%
# %matplotlib inline
import math

import matplotlib.pyplot as plt

import tnqlstm as tnq

plt.rcParams["figure.dpi"] = 80

n = 16
operations = []
for i in range(n):
    operations.append(("H", (i,)))
    operations += [("CP", (j, i), math.pi / 2 ** (j - i)) for j in range(i + 1, n)]
circuit = tnq.Circuit(n, tuple(operations))
print(circuit)

# %% [markdown]
# ## Two QPUs
#
# Half of the 120 gates would cross if the first eight qubits were on one QPU and the others on the
# other. But one *e-bit*, a shared Bell pair, copies a qubit to the other QPU in the eigenbasis of
# Z, and the copy serves every controlled phase until something disturbs that basis. So eight e-bits
# are enough for 64 gates.

# %%
network = tnq.QPUNetwork.line(2, qubits=8)
placed = tnq.partition(circuit, network, cost="ebits")
print(placed.report())

# %% [markdown]
# In the picture gates that share an e-bit have a colour and a number; the thin line on a wire is
# how long the copy of that qubit lives.

# %%
placed.draw_circuit()

# %% [markdown]
# ## A star, a spare qubit, and qubits that move
#
# On four QPUs around a fifth one the copies of a qubit share links, as in a Steiner tree. With room
# for one more qubit on each QPU, and qubits allowed to move to another QPU half-way, it gets
# cheaper.

# %%
for name, network in {
    "complete, 4 × 4": tnq.QPUNetwork.complete(4, qubits=4),
    "complete, 4 × 5": tnq.QPUNetwork.complete(4, qubits=5),
    "star, 5 × 4": tnq.QPUNetwork.star(5, qubits=4),
}.items():
    stay = tnq.partition(circuit, network, cost="ebits")
    move = tnq.partition(circuit, network, cost="ebits", may_move=True)
    print(f"{name:<16} e-bits {stay.n_ebits:3}, with {len(move.moves)} moves {move.n_ebits:3}")

# %%
tnq.partition(circuit, tnq.QPUNetwork.star(5, qubits=4), cost="ebits").draw()

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
for m in (1, 2, 4, None):
    network = tnq.QPUNetwork.line(2, qubits=8, link=link, communication_qubits=m)
    limited = tnq.Partition(circuit, network, placed.qpu_of, places=placed.places)
    schedule = limited.schedule()
    print(
        f"{m or 'any'} communication qubits: {limited.n_ebits:2} e-bits, depth {schedule.depth}, "
        f"{schedule.seconds * 1e3:.2f} ms"
    )

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
