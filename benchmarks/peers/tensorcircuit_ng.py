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

import jax
import jax.numpy as jnp
import tensorcircuit as tc

jax.config.update("jax_enable_x64", True)
tc.set_backend("jax")
tc.set_dtype("complex128")

Array = Any


def training_step(weights: Array, head_weight: Array, head_bias: Array, x: Array, y: Array) -> Any:
    """One RMSprop step of the `chen2024` QLSTM; returns the loss before it.

    Shapes as in `benchmarks.pennylane_loop.make_step`. The whole step is one jitted function, the
    samples and the four gates are `vmap`s.
    """
    parameters = tuple(jnp.array(p) for p in (weights, head_weight, head_bias))
    means = jax.tree.map(jnp.zeros_like, parameters)
    inputs, targets = jnp.array(x), jnp.array(y)
    hidden_size = parameters[1].shape[1]

    def vqc(weights: Array, v: Array) -> Array:
        circuit = _encoded(v)
        _layers(circuit, weights)
        return _expectations(circuit, hidden_size)

    gates = jax.vmap(jax.vmap(vqc, in_axes=(None, 0)), in_axes=(0, None))

    def loss(parameters: Any, x: Array, y: Array) -> Array:
        weights, head_weight, head_bias = parameters
        h = c = jnp.zeros((x.shape[0], hidden_size))
        for t in range(x.shape[1]):
            i, f, g, o = gates(weights, jnp.concatenate([x[:, t], h], 1))
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return jnp.mean(((h @ head_weight.T + head_bias)[:, 0] - y) ** 2)

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

    `operations`: [name, qubits, None or ["input" or "weight", index]]; CX, H and RY. Contraction by
    cotengra, light cones cancelled, samples a `vmap`.
    """
    tc.set_contractor("cotengra", max_repeats=16, minimize="flops", progbar=False)
    inputs, flat = jnp.array(x), jnp.array(weights).reshape(-1)

    def one(weights: Array, v: Array) -> Array:
        circuit = tc.Circuit(n_qubits)
        for name, qubits, slot in operations:
            if name == "RY":
                source, index = slot
                theta = weights[index] if source == "weight" else v[index]
                circuit.ry(*qubits, theta=theta)
            else:
                getattr(circuit, name.lower())(*qubits)
        return jnp.sum(_expectations(circuit, n_qubits, enable_lightcone=n_qubits > 12))

    total = jax.vmap(one, in_axes=(None, 0))
    both = jax.jit(jax.value_and_grad(lambda w, x: jnp.sum(total(w, x))))

    def step() -> float:
        value, gradient = both(flat, inputs)
        gradient.block_until_ready()
        return float(value)

    return step


def _encoded(v: Array) -> Any:
    circuit = tc.Circuit(len(v))
    for q in range(len(v)):
        circuit.h(q)
    for q in range(len(v)):
        circuit.ry(q, theta=v[q])
    return circuit


def _layers(circuit: Any, weights: Array) -> None:
    depth, n = weights.shape
    for k in range(depth):
        for q in [*range(0, n - 1, 2), *range(1, n - 1, 2)]:
            circuit.cx(q, q + 1)
        for q in range(n):
            circuit.ry(q, theta=weights[k, q])


def _expectations(circuit: Any, n: int, **options: Any) -> Array:
    return jnp.real(jnp.stack([circuit.expectation_ps(z=[q], **options) for q in range(n)]))
