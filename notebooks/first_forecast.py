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
# # A first forecast on 2 QPUs
#
# We forecast a damped oscillation with a quantum LSTM (QLSTM) whose circuits are spread over two
# small quantum processors (QPUs), and look at each step on the way: the data, the processors, the
# circuit, what its placement costs, training, forecasts, and a checkpoint.
#
# It runs in about half a minute on one core. Nothing here needs quantum hardware: the circuits are
# simulated exactly.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

import tnqlstm as tnq
from tnqlstm.forecasting import plots
from tnqlstm.forecasting.runs import evaluate

plt.rcParams["figure.dpi"] = 120
torch.set_num_threads(1)  # circuits are small here, and threads would wait for each other

# %% [markdown]
# ## The series
#
# The angular velocity of a pendulum with friction, 240 points. The first 67 % are for training, the
# rest is the test part, which no model sees before it's judged on it.

# %%
series = tnq.datasets.damped_oscillator()
print(series.source)
print(series.train)
print(series.test)

figure, axes = plt.subplots(figsize=(8, 2.6), layout="constrained")
axes.plot(series.time, series.values, color="#999999", lw=1)
axes.plot(series.train.time, series.train.values, ".", color="#0072B2", ms=4, label="train")
axes.plot(series.test.time, series.test.values, ".", color="#D55E00", ms=4, label="test")
axes.set_xlabel(series.time_label)
axes.set_ylabel(series.value_label.replace(" (", "\n("))
axes.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
plt.show()

# %% [markdown]
# The task: given the last four points (a *window*), forecast the next. Two forecasts that learn
# nothing show how hard that is. *Persistence* repeats the last value; *mean* always says the mean
# of the training part. Here neighbouring points are close together, so persistence is hard to beat.

# %% [markdown]
# ## Two QPUs and a link
#
# The network is a graph: a node is a QPU with room for some qubits, an edge a link over which two
# QPUs can share entanglement.

# %%
network = tnq.QPUNetwork.line(2, qubits=3)
print(network)

# %% [markdown]
# ## The circuit of a cell
#
# An LSTM cell has four gates: input, forget, candidate, output. Here each is a variational quantum
# circuit (VQC) of the same layout with weights of its own. It reads the current value $x$ and the
# five entries of the hidden state $h$, one number a qubit, so it has six qubits: more than either
# QPU holds. There are two ways out, called *schemes*:
#
# - `linked`: one VQC of six qubits lies across both QPUs. Some of its two-qubit gates join qubits
#   on different QPUs. These **cut gates** need the link.
# - `segment`: the six numbers are split in two, and each QPU has a VQC of three qubits. No gate
#   crosses the link, and in exchange no entanglement does either.

# %%
linked_cell = tnq.QLSTMCell(1, 5, scheme="linked", network=network)
linked_cell.circuit.draw(linked_cell.placed.blocks)

# %% [markdown]
# Wires are qubits, time runs to the right. Each qubit is put in superposition (H) and turned by
# its input $x_k$; then come five layers of CX gates and rotations by the trainable angles
# $\theta$. In each layer one CX, drawn in orange, crosses from one QPU to the other. At the end
# $\langle Z \rangle$ is read on the first five qubits: that's the VQC's output, five numbers in
# $[-1, 1]$.
#
# The same for `segment`: the crossing gates are gone, all else is the same.

# %%
segment_cell = tnq.QLSTMCell(1, 5, scheme="segment", network=network)
segment_cell.circuit.draw(segment_cell.placed.blocks)

# %% [markdown]
# ## What the placement costs
#
# For `linked`, `tnq.partition` chose which qubit lies where, so that few gates are cut. The report
# counts what one VQC asks of the link; the picture shows the same on the network.

# %%
print(linked_cell.placed.report())

# %%
network.draw(linked_cell.placed)

# %% [markdown]
# An **e-bit** is one entangled pair of qubits shared over the link; a cut CX uses up one. Five cut
# gates in each of the four VQCs make 20 e-bits for every time step of the LSTM. Without a quantum
# link the same values can be had from many more runs of smaller circuits: the last line is the
# factor on the number of runs (*shots*) of one VQC. Both are reasons to cut few gates.
#
# `segment` needs none of this:

# %%
print(segment_cell.placed.report())

# %% [markdown]
# ## Training
#
# `Forecaster` follows scikit-learn's conventions. It scales the data, makes the windows, trains the
# QLSTM with a linear layer on its last output, and keeps the weights of the epoch with the lowest
# training error. Gradients pass through the simulated circuits exactly, by torch's autograd.
#
# Links are ideal in this simulation, so the linked circuit gives what one QPU of six qubits would
# give.

# %%
epochs = 60
forecasters = {
    scheme: tnq.Forecaster(
        window=4, hidden_size=5, scheme=scheme, network=network, epochs=epochs, seed=0
    ).fit(series.train, test=series.test)
    for scheme in ("linked", "segment")
}
results = {scheme: evaluate(forecaster) for scheme, forecaster in forecasters.items()}
baselines = results["linked"]["baselines"]

# %%
print(f"{'':12}{'parameters':>11}{'e-bits a step':>15}{'test MSE':>11}{'test RMSE (rad/s)':>19}")
for scheme, result in results.items():
    print(
        f"{scheme:12}{result['parameters']:>11}{result['ebits_per_step']:>15}"
        f"{result['test']['mse']:>11.1e}{result['test_in_data_units']['rmse']:>19.3f}"
    )
for name in ("persistence", "mean"):
    print(f"{name:12}{'':26}{baselines[name]:>11.1e}")

# %% [markdown]
# Mean squared errors (MSE) are in scaled units, where the training part spans $[-1, 1]$. The two
# QLSTMs have the same number of parameters; in this run both forecast better than persistence, and
# much better than the mean.
#
# One run with one seed says little about which scheme is better: with another `seed` the order can
# change. To compare models, train each several times.

# %%
forecaster = forecasters["linked"]
plots.loss_figure(forecaster.history_, baselines, results["linked"]["kept_epoch"])

# %% [markdown]
# The error is noisy from epoch to epoch: the weights take a step after every ten windows, and the
# steps don't shrink. That's why the best epoch is kept. It's chosen by the training error, because
# a choice by the test error would make the test part one more training part. The test error is
# mostly the lower of the two because the oscillation fades, so the test part is flatter.

# %% [markdown]
# ## Forecasts
#
# **One step ahead.** Every forecast sees the four true points before it. The dotted line is the
# split: to its right is the test part. The lower panel is forecast minus truth.

# %%
plots.forecast_figure(
    series.train, series.test, forecaster.predict(series.train), forecaster.predict(series.test)
)

# %% [markdown]
# **Free-running.** From the split on, every forecast is fed back as if it were data, so the model
# is on its own and small errors add up.

# %%
future = forecaster.predict(horizon=len(series.test))
plots.free_run_figure(series.train, series.test, future)

# %% [markdown]
# A free run is a harder test than the one-step error suggests. The model was trained for one step
# only; how long it stays close to the truth differs much between seeds and numbers of epochs.

# %% [markdown]
# ## Save, load, go on
#
# A checkpoint is a folder with the options as JSON and the weights and training state in
# safetensors. Here it goes into a temporary directory.

# %%
with tempfile.TemporaryDirectory() as directory:
    folder = Path(directory) / "linked"
    forecaster.save(folder)
    print(*sorted(path.name for path in folder.iterdir()), sep="\n")
    loaded = tnq.Forecaster.load(folder)

print(
    "same forecasts:", np.array_equal(loaded.predict(series.test), forecaster.predict(series.test))
)
loaded.resume(epochs=epochs + 2)
print("epochs after going on:", len(loaded.history_))

# %% [markdown]
# `resume` continues exactly where training stopped, optimiser and random numbers included.
#
# From here: another `scheme`, `cell` or `network` in the same call; `tnqlstm train --help` for the
# same from the shell; and `vqc_as_tensor_network.ipynb`, which shows how the circuits are computed.
