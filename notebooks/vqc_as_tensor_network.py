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
# # A VQC as a tensor network
#
# A gate is a small tensor, a wire between two gates is a bond, and running a circuit is contracting
# the network they form. This notebook takes one variational quantum circuit (VQC) on three QPUs and
# looks at that network: the bonds that the QPUs share, the order of contraction, what it costs, and
# how values and gradients come out of it.
#
# The pictures of networks and trees are quimb's and cotengra's own.

# %%
# %matplotlib inline
import math
import statistics
import time

import matplotlib.pyplot as plt
import numpy as np
import quimb
import torch

import tnqlstm as tnq

plt.rcParams["figure.dpi"] = 120
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)  # tensors are small here, and threads would wait for each other
torch.manual_seed(0)

network = tnq.QPUNetwork.line(3, qubits=3)
circuit = tnq.ansatz.ry_brickwork(n_qubits=9, depth=2)
placed = tnq.partition(circuit, network, cost="bonds")
circuit.draw(placed.blocks)

# %% [markdown]
# Nine qubits, two layers. In each layer two CX gates, in orange, join neighbouring QPUs: these are
# the *cut gates*. We give the VQC random weights and one input, and read $\langle Z\rangle$ of
# every qubit.

# %%
vqc = tnq.VQC(circuit, placed)
torch.nn.init.uniform_(vqc.weights, -math.pi, math.pi)
x = torch.linspace(-1, 1, circuit.n_inputs)
values = vqc(x)
print(np.array2string(values.detach().numpy(), precision=4))

# %% [markdown]
# ## The labelled network
#
# `plan.to_quimb` gives the state $|\psi\rangle$ as a quimb network. A gate inside a QPU is one
# tensor. A cut gate is two, one on either side of the link, joined by a **cut bond**: that is the
# only thing two QPUs share. Each tensor is tagged with its QPU, so quimb can colour by it; the cut
# bonds are highlighted.

# %%
state = vqc.plan.to_quimb(vqc.weights, x)
bonds = vqc.plan.cut_bonds
look = {
    "color": [f"QPU:{qpu}" for qpu in network.qpus],
    "custom_colors": ["#0072B2", "#E69F00", "#009E73"],
    "highlight_inds": [bond.name for bond in bonds],
    "highlight_inds_color": "#D55E00",
    "edge_alpha": 0.9,
    "edge_color": "#b8b8b8",
    "show_tags": False,
    "show_inds": False,
}
state.draw(**look, layout="kamada_kawai", figsize=(9, 4.5))

# %% [markdown]
# quimb places tensors by who is connected to whom, and knows nothing of the circuit. With the
# positions given, the same network looks like the circuit above: time runs to the right, a row is a
# qubit, and the open ends on the right are the qubits' outer indices.


# %%
def circuit_positions(state, bonds):
    """A column for each time step, a row for each qubit."""
    column, cut_column, positions = {}, {}, {}
    for tid, tensor in state.tensor_map.items():
        qubits = [q for q in state.sites if state.site_tag(q) in tensor.tags]
        bond = next((bond for bond in bonds if bond.name in tensor.inds), None)
        here = 1 + max(column.get(q, 0) for q in (bond.qubits if bond else qubits))
        if bond:  # both halves of a cut gate in one column
            here = cut_column.setdefault(bond.name, here)
        column |= dict.fromkeys(qubits, here)
        positions[tid] = (here, -float(np.mean(qubits)))
    end = 1 + max(column.values())
    return positions | {state.site_ind(q): (end, -q) for q in state.sites}


state.draw(**look, fix=circuit_positions(state, bonds), figsize=(9, 5))

# %% [markdown]
# ## Cut bonds and their dimensions
#
# A cut bond's dimension is the operator-Schmidt rank of its gate: how many terms
# $\sum_k A_k \otimes B_k$ are needed to write the gate as local operators on either side. A CX
# needs two, a SWAP four.

# %%
print("bond   gate  qubits   QPUs          dimension")
for bond in bonds:
    qpus = " - ".join(bond.qpus)
    print(f"{bond.name:7}{bond.gate:6}{bond.qubits!s:9}{qpus:14}{state.ind_size(bond.name)}")

# %% [markdown]
# Contract all tensors of each QPU, and three tensors remain. Two cut gates cross each link, so the
# bond between two neighbours has dimension $2 \cdot 2 = 4$. However large the QPUs are, the two
# sides of this link can't be entangled by more than $\log_2 4 = 2$ e-bits.

# %%
blocks = state
for qpu in network.qpus:
    blocks = blocks.contract(f"QPU:{qpu}")
blocks = blocks.fuse_multibonds()

positions = {(f"QPU:{qpu}",): (2.0 * k, 0.0) for k, qpu in enumerate(network.qpus)}
positions |= {
    state.site_ind(q): (2.0 * (q // 3) + 0.5 * (q % 3 - 1), -1.0) for q in range(circuit.n_qubits)
}
options = look | {"highlight_inds": (), "show_inds": "bond-size", "font_size_inner": 11}
blocks.draw(**options, fix=positions, figsize=(8, 3))

# %% [markdown]
# ## The contraction gives the VQC's values
#
# With quimb alone: $\langle\psi|\psi\rangle = 1$, and $\langle\psi|Z_q|\psi\rangle$ for each qubit
# is what the VQC computed.

# %%
pauli_z = quimb.pauli("Z")
norm = abs(state.H @ state)
by_quimb = np.array([(state.H @ state.gate(pauli_z, q)).real for q in state.sites])
difference = np.abs(by_quimb - values.detach().numpy()).max()
print(f"norm - 1: less than 1e-12? {abs(norm - 1) < 1e-12}")
print(f"largest difference: less than 1e-12? {difference < 1e-12}")

# %% [markdown]
# ## The plan
#
# That was one full contraction for each qubit. The VQC goes about it differently, by a *plan* that
# is made once, from the circuit's structure only, and run for all values of weights and inputs:

# %%
print(vqc.plan.describe())

# %% [markdown]
# There are three exact ways, and a cost model chooses:
#
# - `dense`: the statevector. It has $2^n$ numbers, the best for few qubits and hopeless for many.
# - `cones`: $\langle Z_q\rangle$ depends only on the gates in the *light cone* of qubit $q$, those
#   that lie before it and are connected to it. Each cone is a small network. It is written for
#   operators, in the Pauli basis, so its numbers are real and a CX's cut bond has dimension 4, or
#   less at the border of the cone, where fewer operators can occur.
# - `generating`: one network for all qubits. It has $1 + \varepsilon_q Z_q$ where qubit $q$ is
#   read; the derivative of its value in $\varepsilon_q$ at 0 is $\langle Z_q\rangle$.
#
# "Inside" and "across" say where the work is: contractions of tensors on one QPU, and contractions
# that join several. All three ways give the same values and gradients:

# %%
gradients = torch.autograd.grad(values.sum(), vqc.weights)[0]
print("way         values agree  gradients agree   (to 1e-12)")
for method in ("dense", "cones", "generating"):
    other = tnq.VQC(circuit, placed, method=method)
    other.load_state_dict(vqc.state_dict())
    found = other(x)
    (slope,) = torch.autograd.grad(found.sum(), other.weights)
    agree = [bool((a - b).abs().max() < 1e-12) for a, b in ((found, values), (slope, gradients))]
    print(f"{method:12}{agree[0]!s:14}{agree[1]!s}")

# %% [markdown]
# ## The contraction tree
#
# A contraction order is a tree: leaves are the network's tensors, each inner node contracts two of
# its children, the root is the value. `plan.trees()` gives cotengra's trees. First the one of
# `generating`; its network has one tensor for each qubit and layer, and one for each
# $1 + \varepsilon_q Z_q$.


# %%
def titles_above(figure):
    """Move the titles of cotengra's colour bars clear of their numbers."""
    for bar in figure.axes[1:]:
        bar.set_title(bar.get_title(), pad=12, fontsize=9)


generating = tnq.plan_expectations(circuit, placed, method="generating")
(tree,) = generating.trees()
figure, _ = tree.plot_tent(figsize=(6, 4.5), show_and_close=False)
titles_above(figure)

# %% [markdown]
# The network lies at the bottom, in grey; the tree stands on it. The colour of a line is the size
# of a tensor, that of a dot the cost of a contraction. The dark dots all cost about the same: the
# tree eats its way along the line of qubits, and what it has contracted so far never has more than
# a few open bonds. So a longer line costs more contractions, but not larger ones.
#
# `cones` has a few trees for all cones: cones that look alike share one, and a cone at the end of
# the line is a special case of one in the middle. Here is the largest, as a ring: the network's
# tensors are on the circle, the root is in the middle.

# %%
cones = tnq.plan_expectations(circuit, placed, method="cones")
trees = cones.trees()
largest = max(trees, key=lambda tree: tree.N)
figure, _ = largest.plot_ring(figsize=(6, 4.5), show_and_close=False)
titles_above(figure)

# %% [markdown]
# cotengra's figures for these trees, values of one sample. `log2 largest` is that of the largest
# tensor the contraction makes; a multiplication is two floating-point operations.

# %%
print("tree             tensors   multiplications   log2 largest")
for name, each in [("generating", tree), *((f"cones, tree {k}", t) for k, t in enumerate(trees))]:
    multiplications, width = int(each.contraction_cost()), each.contraction_width()
    print(f"{name:17}{each.N:>7}{multiplications:>18}{width:>15.0f}")

# %% [markdown]
# Cones that share a tree are contracted together as one batch. Even and odd qubits hold other ends
# of their CX gates, but the networks are alike, so one tree serves nearly all, and the number of
# trees stays the same however many qubits there are:

# %%
for n_qubits in (8, 16, 32, 64):
    plan = tnq.plan_expectations(tnq.ansatz.ry_brickwork(n_qubits, 3), method="cones")
    print(f"{n_qubits:3} qubits, 3 layers: {len(plan.trees()):3} trees")

# %% [markdown]
# ## Gradients
#
# torch differentiates through the contraction. On quantum hardware one would use the
# parameter-shift rule instead: for a rotation by $\theta$,
#
# $$\partial_\theta f = \tfrac12\,\bigl[f(\theta + \tfrac\pi2) - f(\theta - \tfrac\pi2)\bigr],$$
#
# two runs for each weight. The two agree. `copies` makes one VQC with many sets of weights, here
# all the shifted ones at once.

# %%
n_weights = circuit.n_weights
shifts = math.pi / 2 * torch.eye(n_weights).reshape(n_weights, *circuit.weight_shape)
shifted = tnq.VQC(circuit, placed, copies=2 * n_weights)
with torch.no_grad():
    shifted.weights.copy_(torch.cat([vqc.weights + shifts, vqc.weights - shifts]))
    plus, minus = shifted(x).chunk(2)  # each (weight, qubit)
by_shift = (plus - minus).T / 2

by_autograd = torch.autograd.functional.jacobian(
    lambda weights: torch.func.functional_call(vqc, {"weights": weights}, (x,)),
    vqc.weights.detach(),
).flatten(1)
print("∂⟨Z⟩/∂θ, (qubits, weights):", tuple(by_autograd.shape))
print("agree to 1e-12:", bool((by_autograd - by_shift).abs().max() < 1e-12))

# %%
figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
image = axes.imshow(by_autograd, cmap="RdBu", vmin=-1, vmax=1)
axes.set_xticks(range(n_weights), [f"{w % 9}" for w in range(n_weights)])
axes.set_yticks(range(circuit.n_qubits))
axes.axvline(8.5, color="#222222", lw=1)
axes.set_xlabel("weight: rotated qubit, first layer | second layer")
axes.set_ylabel("observed qubit")
figure.colorbar(image, label="∂⟨Z⟩/∂θ", shrink=0.9)
plt.show()

# %% [markdown]
# A weight outside a qubit's light cone has no influence on it: its square is white. The last
# layer's rotations act on one qubit each, so the right half is a diagonal.
#
# ## How the cost grows
#
# Values and gradient of a batch of ten samples, three layers, on one core and one thread. The left
# panel is measured: the median of five calls, after a first one, which also compiles and allocates.
# It will look different on your machine. The right panel is what the plans predict, in numbers held
# at once. The statevector stops at 16 qubits.

# %%
sizes = {"dense": (8, 12, 16), "cones": (8, 16, 32, 64), "generating": (8, 16, 32, 64)}
styles = {"dense": ("#0072B2", "o-"), "cones": ("#D55E00", "s--"), "generating": ("#009E73", "^-.")}


def seconds(model, inputs, repeats=5):
    """The median of a few evaluations of values and gradient, after one that isn't counted."""
    times = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        model(inputs).square().mean().backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for method, qubits in sizes.items():
    models = [tnq.VQC(tnq.ansatz.ry_brickwork(n, 3), method=method) for n in qubits]
    colour, style = styles[method]
    times = [seconds(model, torch.randn(10, n)) for n, model in zip(qubits, models, strict=True)]
    left.plot(qubits, times, style, color=colour, label=method)
    sizes_held = [2**model.plan.log2_peak_size for model in models]
    right.plot(qubits, sizes_held, style, color=colour, label=method)
for axes, label in ((left, "seconds, measured"), (right, "numbers held, one sample")):
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([8, 16, 32, 64], ["8", "16", "32", "64"])
    axes.set_xlabel("qubits")
    axes.set_ylabel(label)
    axes.grid(color="#e5e5e5")
figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
plt.show()

# %% [markdown]
# All axes are logarithmic. The statevector doubles with every qubit; what the networks hold grows
# in proportion to the number of qubits. `cones` needs little more time for 64 qubits than for 16:
# it makes the same number of calls, with longer batches. With `method="auto"`, the default, the
# plan takes the way that its cost model holds to be the fastest.
#
# What networks don't like is depth: every layer makes the light cones wider, and the cost of an
# exact contraction grows exponentially with their width.
