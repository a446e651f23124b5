"""Where circuits that nobody here wrote come from: each source gives a reader and a reference.

A source is called with a name and a number of qubits and returns two functions: one that reads the
circuit as ours, one that gives ⟨Z⟩ of every qubit by the source's own state vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tnqlstm.circuit import Circuit
from tnqlstm.circuit.optional import import_extra

__all__ = ["mqt", "pennylane", "qiskit"]

Real = NDArray[np.float64]
Source = tuple[Callable[[], Circuit], Callable[[Real, Real], Real]]


def mqt(name: str, n_qubits: int) -> Source:
    """A circuit of MQT Bench's, as its algorithm stands."""
    bench = import_extra("mqt.bench", "circuits")
    return _of_qiskit(bench.get_benchmark(name, bench.BenchmarkLevel.ALG, n_qubits))


def qiskit(name: str, n_qubits: int) -> Source:
    """A circuit of Qiskit's library, by the name of its function or class."""
    return _of_qiskit(QISKIT[name](n_qubits))


def pennylane(name: str, n_qubits: int) -> Source:
    """A template of PennyLane's, with random numbers for its parameters."""
    import pennylane as qml

    with qml.queuing.AnnotatedQueue() as queue:
        PENNYLANE[name](n_qubits, np.random.default_rng(0))
    tape = qml.tape.QuantumScript.from_queue(queue)
    tape = qml.tape.QuantumScript(tape.operations)
    order = list(range(n_qubits))

    def make() -> Circuit:
        wires = [qml.Identity(wire) for wire in order]  # all of them, in order
        return Circuit.from_pennylane(qml.tape.QuantumScript([*wires, *tape.operations]))

    def reference(weights: Real, inputs: Real) -> Real:
        read = [qml.expval(qml.Z(wire)) for wire in order]
        script = qml.tape.QuantumScript(tape.operations, read)
        (values,) = qml.execute([script], qml.device("default.qubit", wires=order))
        return np.array(values, dtype=np.float64).reshape(-1)

    return make, reference


def _of_qiskit(source: Any) -> Source:
    def reference(weights: Real, inputs: Real) -> Real:
        from qiskit import transpile
        from qiskit.quantum_info import Statevector

        parameters = list(source.parameters)
        read = [p for p in parameters if p.name.split("[")[0] in ("x", "x_") or _is_x(p.name)]
        given = dict(zip(read, inputs, strict=True))
        others = [p for p in parameters if p not in given]
        given |= dict(zip(others, weights, strict=True))
        bound = source.assign_parameters(given) if parameters else source
        bound = bound.remove_final_measurements(inplace=False) or bound
        plain = transpile(bound, basis_gates=BASIS, optimization_level=0)
        probabilities = Statevector(plain).probabilities()
        n = source.num_qubits
        values = []
        for _ in range(n):  # Qiskit's qubit 0 is the last bit
            zero, one = probabilities.reshape(-1, 2).T
            values.append(zero.sum() - one.sum())
            probabilities = zero + one
        return np.array(values)

    return lambda: Circuit.from_qiskit(source), reference


BASIS = ["u", "p", "h", "x", "rx", "ry", "rz", "cx", "cz", "cp", "swap", "rzz", "rxx", "ryy", "crx"]


def _is_x(name: str) -> bool:
    return name[:1] == "x" and name[1:].lstrip("_").isdigit()


def _line(n: int) -> list[tuple[int, int]]:
    return [(q, q + 1) for q in range(n - 1)]


def _ising(n: int) -> Any:
    from qiskit.quantum_info import SparsePauliOp

    pairs = [("ZZ", list(pair), 1.0) for pair in [*_line(n), (0, n - 1)]]
    return SparsePauliOp.from_sparse_list([*pairs, *(("X", [q], 0.7) for q in range(n))], n)


def _library(name: str, *arguments: Any, **options: Any) -> Any:
    import qiskit.circuit.library as library

    return getattr(library, name)(*arguments, **options)


def _gate(name: str, *arguments: Any, prepared: int | None = None, **options: Any) -> Any:
    """A gate of the library, on so many qubits (all by default) that are neither 0 nor 1."""
    from qiskit import QuantumCircuit

    gate = _library(name, *arguments, **options)
    circuit = QuantumCircuit(gate.num_qubits)
    for q in range(gate.num_qubits if prepared is None else prepared):
        circuit.ry(0.3 + 0.2 * q, q)
    circuit.append(gate, range(gate.num_qubits))
    return circuit


def _max_cut(n: int) -> Any:
    from qiskit.quantum_info import SparsePauliOp

    pairs = [*_line(n), (0, n - 1)]
    return SparsePauliOp.from_sparse_list([("ZZ", list(pair), 1.0) for pair in pairs], n)


def _two_local(n: int, **options: Any) -> Any:
    return _library("n_local", n, ["ry", "rz"], "cz", **options)


def _evolution(n: int) -> Any:
    from qiskit.synthesis import SuzukiTrotter

    gate = _gate("PauliEvolutionGate", _ising(n), 0.4, synthesis=SuzukiTrotter(reps=2))
    return gate.decompose()  # for Qiskit's state vector takes the exponential itself


def _symmetric(n: int) -> list[list[int]]:
    return [[4 if i == j else (i + j) % 4 for j in range(n)] for i in range(n)]


def _grover(n: int) -> Any:
    from qiskit import QuantumCircuit

    oracle = QuantumCircuit(n)
    oracle.mcp(np.pi, list(range(n - 1)), n - 1)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for _ in range(2):
        circuit.compose(_library("grover_operator", oracle), inplace=True)
    return circuit


def _phase_estimation(n: int) -> Any:
    from qiskit import QuantumCircuit

    unitary = QuantumCircuit(1)
    unitary.p(2 * np.pi * 0.3, 0)
    circuit = QuantumCircuit(n)
    circuit.x(n - 1)
    return circuit.compose(_library("phase_estimation", n - 1, unitary))


QISKIT: dict[str, Callable[[int], Any]] = {
    "efficient_su2": lambda n: _library("efficient_su2", n, reps=2),
    "efficient_su2 full": lambda n: _library("efficient_su2", n, reps=1, entanglement="full"),
    "real_amplitudes": lambda n: _library("real_amplitudes", n, reps=2),
    "real_amplitudes pairwise": lambda n: _library(
        "real_amplitudes", n, reps=3, entanglement="pairwise"
    ),
    "pauli_two_design": lambda n: _library("pauli_two_design", n, reps=2, seed=0),
    "excitation_preserving": lambda n: _library("excitation_preserving", n, reps=1),
    "n_local": _two_local,
    "n_local circular": lambda n: _two_local(n, entanglement="circular", reps=2),
    "z_feature_map": lambda n: _library("z_feature_map", n),
    "zz_feature_map linear": lambda n: _library("zz_feature_map", n, entanglement="linear"),
    "zz_feature_map": lambda n: _library("zz_feature_map", n, reps=1),
    "pauli_feature_map": lambda n: _library(
        "pauli_feature_map", n, reps=1, paulis=["Z", "XX"], entanglement="linear"
    ),
    "qaoa_ansatz": lambda n: _library("qaoa_ansatz", _max_cut(n), reps=2),
    "evolved_operator_ansatz": lambda n: _library("evolved_operator_ansatz", _ising(n)),
    "quantum_volume": lambda n: _library("quantum_volume", n, depth=min(n, 6), seed=0),
    "random_iqp": lambda n: _library("random_iqp", n, seed=0),
    "iqp": lambda n: _library("iqp", _symmetric(n)),
    "fourier_checking": lambda n: _library(
        "fourier_checking", [(-1) ** (k % 3) for k in range(2**n)], [(-1) ** k for k in range(2**n)]
    ),
    "hidden_linear_function": lambda n: _library(
        "hidden_linear_function", [[int(abs(i - j) < 2) for j in range(n)] for i in range(n)]
    ),
    "GraphStateGate": lambda n: _gate(
        "GraphStateGate", [[int(abs(i - j) == 1) for j in range(n)] for i in range(n)]
    ),
    "QFTGate": lambda n: _gate("QFTGate", n),
    "FullAdderGate": lambda n: _gate("FullAdderGate", (n - 2) // 2),
    "HalfAdderGate": lambda n: _gate("HalfAdderGate", (n - 1) // 2),
    "ModularAdderGate": lambda n: _gate("ModularAdderGate", n // 2),
    "MultiplierGate": lambda n: _gate("MultiplierGate", n // 4, prepared=n // 2),
    "InnerProductGate": lambda n: _gate("InnerProductGate", n // 2),
    "AndGate": lambda n: _gate("AndGate", n - 1),
    "BitwiseXorGate": lambda n: _gate("BitwiseXorGate", n, 5),
    "MCMTGate": lambda n: _gate("MCMTGate", _library("XGate"), n - 2, 2),
    "IntegerComparatorGate": lambda n: _gate("IntegerComparatorGate", n - 1, 5),
    "LinearPauliRotationsGate": lambda n: _gate("LinearPauliRotationsGate", n - 1, 0.3, 0.1),
    "PermutationGate": lambda n: _gate("PermutationGate", [*range(1, n), 0]),
    "PauliEvolutionGate": _evolution,
    "grover_operator": _grover,
    "phase_estimation": _phase_estimation,
}


def _q(name: str, *arguments: Any, **options: Any) -> None:
    import pennylane as qml

    getattr(qml, name)(*arguments, **options)


def _layers(name: str, *, layers: int = 2, **options: Any) -> Callable[[int, Any], None]:
    def template(n: int, rng: np.random.Generator) -> None:
        import pennylane as qml

        own = getattr(qml, name)
        shape = own.shape(n_layers=layers, n_wires=n)
        own(rng.normal(size=shape), wires=range(n), **options)

    return template


def _rotated(name: str, **options: Any) -> Callable[[int, Any], None]:
    def template(n: int, rng: np.random.Generator) -> None:
        for q in range(n):
            _q("RY", rng.normal(), q)
        _q(name, wires=range(n), **options)

    return template


def _tensor_network(name: str) -> Callable[[int, Any], None]:
    def template(n: int, rng: np.random.Generator) -> None:
        import pennylane as qml

        def block(weights: Any, wires: Any) -> None:
            qml.RY(weights[0], wires[0])
            qml.RY(weights[1], wires[1])
            qml.CNOT(wires)

        own = getattr(qml, name)
        count = own.get_n_blocks(range(n), 2)
        own(range(n), 2, block, 2, rng.normal(size=(count, 2)))

    return template


def _design(n: int, rng: np.random.Generator) -> None:
    _q("SimplifiedTwoDesign", rng.normal(size=n), rng.normal(size=(2, n - 1, 2)), wires=range(n))


def _uccsd(n: int, rng: np.random.Generator) -> None:
    import pennylane as qml

    singles, doubles = qml.qchem.excitations(2, n)
    s_wires, d_wires = qml.qchem.excitations_to_wires(singles, doubles)
    start = qml.qchem.hf_state(2, n)
    weights = rng.normal(size=len(singles) + len(doubles))
    qml.UCCSD(weights, range(n), s_wires, d_wires, start)


def _all_singles_doubles(n: int, rng: np.random.Generator) -> None:
    import pennylane as qml

    singles, doubles = qml.qchem.excitations(2, n)
    start = qml.qchem.hf_state(2, n)
    weights = rng.normal(size=len(singles) + len(doubles))
    qml.AllSinglesDoubles(weights, range(n), start, singles, doubles)


def _gate_fabric(n: int, rng: np.random.Generator) -> None:
    import pennylane as qml

    shape = qml.GateFabric.shape(2, n)
    qml.GateFabric(rng.normal(size=shape), range(n), qml.qchem.hf_state(2, n), include_pi=True)


def _particle_conserving(name: str) -> Callable[[int, Any], None]:
    def template(n: int, rng: np.random.Generator) -> None:
        import pennylane as qml

        own = getattr(qml, name)
        start = np.array([1, 0] * n)[:n]
        own(rng.normal(size=own.shape(2, n)), wires=range(n), init_state=start)

    return template


def _trotter(name: str) -> Callable[[int, Any], None]:
    def template(n: int, rng: np.random.Generator) -> None:
        import pennylane as qml

        terms = [qml.Z(a) @ qml.Z(b) for a, b in _line(n)] + [qml.X(q) for q in range(n)]
        hamiltonian = qml.dot(rng.normal(size=len(terms)).tolist(), terms)
        if name == "TrotterProduct":
            qml.TrotterProduct(hamiltonian, 0.4, n=2, order=2)
        else:
            qml.ApproxTimeEvolution(hamiltonian, 0.4, 2)

    return template


def _embedded(name: str, **options: Any) -> Callable[[int, Any], None]:
    def template(n: int, rng: np.random.Generator) -> None:
        _q(name, rng.normal(size=n), wires=range(n), **options)

    return template


def _qaoa_embedding(n: int, rng: np.random.Generator) -> None:
    import pennylane as qml

    weights = rng.normal(size=qml.QAOAEmbedding.shape(2, n))
    qml.QAOAEmbedding(rng.normal(size=n), weights, wires=range(n))


def _random_layers(n: int, rng: np.random.Generator) -> None:
    _q("RandomLayers", rng.normal(size=(3, n)), wires=range(n), seed=0)


def _swap_network(n: int, rng: np.random.Generator) -> None:
    import pennylane as qml

    def couple(index: Any, wires: Any, weight: Any = 0.0, **_: Any) -> Any:
        return qml.CRY(weight, wires)

    for q in range(n):
        _q("RY", rng.normal(), q)
    weights = rng.normal(size=n * (n - 1) // 2)
    _q("TwoLocalSwapNetwork", range(n), couple, weights, fermionic=False)


def _permute(n: int, rng: np.random.Generator) -> None:
    for q in range(n):
        _q("RY", rng.normal(), q)
    _q("Permute", [*range(1, n), 0], wires=range(n))


PENNYLANE: dict[str, Callable[[int, Any], None]] = {
    "AngleEmbedding": _embedded("AngleEmbedding"),
    "IQPEmbedding": _embedded("IQPEmbedding", n_repeats=2),
    "QAOAEmbedding": _qaoa_embedding,
    "BasicEntanglerLayers": _layers("BasicEntanglerLayers"),
    "StronglyEntanglingLayers": _layers("StronglyEntanglingLayers"),
    "SimplifiedTwoDesign": _design,
    "RandomLayers": _random_layers,
    "ParticleConservingU1": _particle_conserving("ParticleConservingU1"),
    "ParticleConservingU2": _particle_conserving("ParticleConservingU2"),
    "GateFabric": _gate_fabric,
    "UCCSD": _uccsd,
    "AllSinglesDoubles": _all_singles_doubles,
    "MPS": _tensor_network("MPS"),
    "TTN": _tensor_network("TTN"),
    "MERA": _tensor_network("MERA"),
    "QFT": _rotated("QFT"),
    "AQFT": _rotated("AQFT", order=2),
    "GroverOperator": _rotated("GroverOperator"),
    "FlipSign": lambda n, rng: _q("FlipSign", [1] * n, wires=range(n)),
    "Permute": _permute,
    "TwoLocalSwapNetwork": _swap_network,
    "TrotterProduct": _trotter("TrotterProduct"),
    "ApproxTimeEvolution": _trotter("ApproxTimeEvolution"),
}
