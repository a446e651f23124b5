"""TensorCircuit-NG on JAX, jitted whole: its documentation's way to speed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

# one thread, as everybody; XLA reads this before its first import
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    "--xla_force_host_platform_device_count=1"
)

import cotengra
import jax
import jax.numpy as jnp
import tensorcircuit as tc

from benchmarks.peers import encodings

jax.config.update("jax_enable_x64", True)
tc.set_backend("jax")
tc.set_dtype("complex128")

Array = Any


ENCODINGS = encodings(jnp.arctan)


def training_step(
    operations: list[list[Any]],
    n_qubits: int,
    weights: list[Array],
    head_weight: Array,
    head_bias: Array,
    x: Array,
    y: Array,
) -> Callable[[], float]:
    """One RMSprop step of a QLSTM; returns the loss before it.

    `operations` as of `expectations`; `weights`: (4, n) of the gates i, f, g, o, and for `chen2020`
    (2, n) of the VQCs that make h and the output. The rest is as in
    `benchmarks.peers.pennylane_loop.make_step`. The whole step is one jitted function, the samples
    and the VQCs are `vmap`s.
    """
    parameters = jax.tree.map(jnp.array, (*weights, head_weight, head_bias), is_leaf=_is_list)
    means = jax.tree.map(jnp.zeros_like, parameters)
    inputs, targets = jnp.array(x), jnp.array(y)
    n_hidden = n_qubits - inputs.shape[2]

    def vqc(weights: Array, v: Array) -> Array:
        circuit = _circuit(operations, n_qubits, weights, v)
        observed = n_qubits if len(parameters) > 3 else n_hidden
        return jnp.stack([jnp.real(circuit.expectation_ps(z=[q])) for q in range(observed)])

    vqcs = jax.vmap(jax.vmap(vqc, in_axes=(None, 0)), in_axes=(0, None))

    def loss(parameters: Any, x: Array, y: Array) -> Array:
        weights, *readout, head_weight, head_bias = parameters
        h = jnp.zeros((x.shape[0], n_hidden))
        c = jnp.zeros((x.shape[0], n_qubits if readout else n_hidden))
        for t in range(x.shape[1]):
            i, f, g, o = vqcs(weights, jnp.concatenate([x[:, t], h], 1))
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = output = jax.nn.sigmoid(o) * jnp.tanh(c)
            if readout:
                hidden, output = vqcs(readout[0], output)
                h = hidden[:, :n_hidden]
        return jnp.mean(((output @ head_weight.T + head_bias)[:, 0] - y) ** 2)

    @jax.jit
    def update(parameters: Any, means: Any, x: Array, y: Array) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters, x, y)
        means = jax.tree.map(lambda m, g: 0.99 * m + 0.01 * g * g, means, gradient)
        parameters = jax.tree.map(
            lambda p, m, g: p - 0.01 * g / (jnp.sqrt(m) + 1e-8), parameters, means, gradient
        )
        return parameters, means, value

    def step() -> float:
        nonlocal parameters, means
        parameters, means, value = update(parameters, means, inputs, targets)
        return float(value)

    return step


def expectations(
    operations: list[list[Any]], n_qubits: int, weights: Array, x: Array
) -> Callable[[], float]:
    """All ⟨Z_i⟩ of a batch and the gradient of their sum in the weights; returns the sum.

    `operations`: see `benchmarks.problems`. One-qubit gates are merged into their neighbours,
    contraction is by cotengra, light cones are cancelled, samples are a `vmap`.
    """
    search = cotengra.ReusableHyperOptimizer(
        methods=["greedy"], max_repeats=16, minimize="flops", parallel=False, progbar=False
    )
    tc.set_contractor("custom", optimizer=search, preprocessing=True)

    def one(weights: Array, v: Array) -> Array:
        circuit = _circuit(operations, n_qubits, weights, v)
        values = [
            circuit.expectation_ps(z=[q], enable_lightcone=n_qubits > 12) for q in range(n_qubits)
        ]
        return jnp.sum(jnp.real(jnp.stack(values)))

    return _value_and_gradient(one, weights, x)


def states(
    operations: list[list[Any]], n_qubits: int, weights: Array, x: Array
) -> Callable[[], float]:
    """`expectations` from the probabilities of the whole state."""

    def one(weights: Array, v: Array) -> Array:
        state = _circuit(operations, n_qubits, weights, v).state()
        probabilities = jnp.abs(state.reshape((2,) * n_qubits)) ** 2
        total = jnp.zeros(())
        for q in range(n_qubits):
            zero, one = probabilities.sum(tuple(k for k in range(n_qubits) if k != q))
            total = total + zero - one
        return total

    return _value_and_gradient(one, weights, x)


def _value_and_gradient(
    one: Callable[[Array, Array], Array], weights: Array, x: Array
) -> Callable[[], float]:
    inputs, flat = jnp.array(x), jnp.array(weights)
    total = jax.vmap(one, in_axes=(None, 0))
    both = jax.jit(jax.value_and_grad(lambda w, x: jnp.sum(total(w, x))))

    def step() -> float:
        value, gradient = both(flat, inputs)
        gradient.block_until_ready()
        return float(value)

    return step


def _circuit(operations: list[list[Any]], n_qubits: int, weights: Array, v: Array) -> Any:
    circuit = tc.Circuit(n_qubits)
    for name, qubits, angle in operations:
        gate = getattr(circuit, name.lower())
        if isinstance(angle, list):
            source, index, *encoding = angle
            angle = weights[index] if source == "weight" else ENCODINGS[encoding[0]](v)[index]
        gate(*qubits, **({} if angle is None else {"theta": angle}))
    return circuit


def _is_list(value: object) -> bool:
    return isinstance(value, list)
