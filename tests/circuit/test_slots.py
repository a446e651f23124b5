"""Polynomials of slots: arithmetic, one form, what is refused, and who reads them."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.circuit.slots import arctan, slots_of
from tnqlstm.errors import CircuitError
from tnqlstm.forecasting.descriptions import circuit_from_json, circuit_to_json

W, X = tnq.WeightSlot, tnq.InputSlot
VALUES = {W(0): 0.3, W(1): -1.7, W(2): 0.0, X(0): 0.3, X(1): -1.7, X(1, "arctan"): 2.5}


def value(angle: Any, values: dict[Any, float]) -> float:
    """Read from the fields, not by the class's own method."""
    if not isinstance(angle, tnq.Polynomial):
        return values.get(angle, angle)
    terms = [c * math.prod(values[s] for s in slots) for c, slots in angle.terms]
    return math.fsum([angle.offset, *terms])


@st.composite
def expressions(draw: st.DrawFn) -> tuple[Any, float]:
    """Arithmetic on slots, and what the same arithmetic gives on their values."""
    slots = draw(st.sampled_from([[W(0), W(1), W(2)], [X(0), X(1), X(1, "arctan")]]))
    number = st.sampled_from([0, 1, -1, 2, 0.5, math.pi, np.float64(3), np.int64(2), np.float32(1)])

    def leaf() -> tuple[Any, float]:
        picked = draw(st.sampled_from([*slots, None]))
        if picked is None:
            constant = draw(number)
            return constant, float(constant)
        return picked, VALUES[picked]

    left = leaf()
    for _ in range(draw(st.integers(0, 5))):
        right, operation = leaf(), draw(st.sampled_from("+-*rn2/"))
        (a, x), (b, y) = left, right
        if operation == "/":
            left = a / 7, x / 7
        elif operation == "2":
            left = a**2, x**2
        else:
            functions: dict[str, Callable[[Any, Any], Any]] = {
                "+": lambda a, b: a + b,
                "-": lambda a, b: a - b,
                "*": lambda a, b: a * b,
                "r": lambda a, b: b - a,
                "n": lambda a, b: -a,
            }
            left = functions[operation](a, b), functions[operation](x, y)
    return left


@given(expressions())
def test_arithmetic_is_that_of_the_values(case: tuple[Any, float]) -> None:
    angle, wanted = case
    assert value(angle, VALUES) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    if isinstance(angle, tnq.Polynomial):
        assert angle.value(VALUES.__getitem__) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
        again = tnq.Polynomial(angle.terms[::-1], angle.offset)
        assert again == angle
        assert hash(again) == hash(angle)
        assert eval(repr(angle), {**vars(tnq.circuit)}) == angle
        assert pickle.loads(pickle.dumps(angle)) == angle


def test_one_form() -> None:
    a, b = X(0), X(1, "arctan")
    assert (math.pi - a) * (math.pi - b) == (b - math.pi) * (a - math.pi)
    assert a * b - b * a == 0.0
    assert (a + 1) - 1 == a
    assert 2 * a / 2 == a
    assert a + 0 == a
    assert a * 1 == a
    assert a**0 == 1.0
    assert a**1 == a
    assert a**2 == a * a
    assert sum([a, b, a]) == 2 * a + b
    assert Fraction(1, 2) * a == a / 2 == np.array(0.5) * a
    assert type(a * 0) is float
    assert tnq.Polynomial(((1.0, (b, a)), (0.0, (a,)), (1.0, (a, b)))) == 2 * a * b
    assert slots_of(2 * a * b + a) == (a, b)
    assert slots_of(a) == (a,)
    assert slots_of(1.0) == ()
    assert str(2 * a * b - X(3) + 1) == "-x3 + 2*x0*arctan(x1) + 1"


def test_arrays_of_slots_do_arithmetic_element_by_element() -> None:
    slots = np.array([X(0), X(1)])
    assert list(np.array([2.0, 1.0]) * slots - 1) == [2 * X(0) - 1, X(1) - 1]
    assert slots @ np.array([1.0, 2.0]) == X(0) + 2 * X(1)
    assert list(np.arctan(slots**2)) == [X(0, "arctan_square"), X(1, "arctan_square")]
    assert list(np.ones(2) * W(0)) == [W(0), W(0)]


def test_arctan_of_an_input_or_its_square() -> None:
    assert arctan(X(3)) == X(3, "arctan")
    assert arctan(X(3) ** 2) == X(3, "arctan_square")
    for other in (2 * X(3), X(3) * X(4), X(3, "arctan"), W(0), W(0) ** 2, 1.0, X(3, "arctan") ** 2):
        assert arctan(other) is None
    with pytest.raises(CircuitError, match=r"arctan\(w0\)"):
        W(0).arctan()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: W(0) * X(0), "mixes weights"),
        (lambda: W(0) + X(0), "gate of its own"),
        (lambda: W(0) * math.inf, "finite"),
        (lambda: W(0) + math.nan, "finite"),
        (lambda: 10**400 * W(0), "finite"),
        (lambda: 1e300 * W(0) * 1e300, "finite"),
        (lambda: W(0) ** 0.5, "whole number"),
        (lambda: W(0) ** -1, "whole number"),
        (lambda: W(0) ** 17, "16"),
        (lambda: (W(0) * W(1)) ** 9, "16"),
        (lambda: sum(map(W, range(40))) * sum(map(W, range(40, 80))), "1000 terms"),
        (lambda: tnq.Polynomial(((1.0, (W(0),)),)), "by itself"),
        (lambda: tnq.Polynomial((), 2.0), "by itself"),
        (lambda: tnq.Polynomial(((1.0, (W(0), 2)),)), "int"),
        (lambda: tnq.Polynomial((("a", (W(0),)),)), "coefficient"),
    ],
)
def test_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: 1 / W(0),
        lambda: W(0) / W(1),
        lambda: W(0) + "1",
        lambda: True * W(0),
        lambda: np.sin(W(0)),
        lambda: W(0) ** W(1),
    ],
)
def test_what_has_no_meaning_is_a_type_error(make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        make()


def example() -> tnq.Circuit:
    return tnq.Circuit(
        2,
        (
            ("RX", (0,), 2 * X(0) + 1),
            ("RZ", (0,), -X(0, "arctan") * X(1)),
            ("CRX", (0, 1), W(0) * W(1) - 0.5),
            ("RY", (1,), W(0) ** 2 + W(1)),
        ),
        2,
        (1, 2),
    )


def test_a_circuit_checks_the_range_of_each_slot() -> None:
    with pytest.raises(CircuitError, match="reads input 2, but n_inputs=2"):
        tnq.Circuit(1, (("RX", (0,), 2 * X(2)),), 2)
    with pytest.raises(CircuitError, match="reads weight 3"):
        tnq.Circuit(1, (("RX", (0,), W(0) + W(3)),), 0, (2,))


def test_values() -> None:
    circuit = example()
    w, x = [[0.2, 0.7]], [0.4, -3.0]
    wanted = [1.8, 3 * math.atan(0.4), 0.14 - 0.5, 0.74]
    assert circuit.angles(w, x) == pytest.approx(wanted, abs=1e-15)
    only_inputs = circuit.with_values(weights=w)
    assert only_inputs.n_weights == 0
    assert only_inputs.operations[:2] == circuit.operations[:2]
    assert only_inputs.with_values(inputs=x).angles() == pytest.approx(wanted, abs=1e-15)


def test_side_by_side() -> None:
    both = tnq.Circuit.beside([example(), example()])
    assert both.operations[4].angle == 2 * X(2) + 1
    assert both.operations[5].angle == -X(2, "arctan") * X(3)
    assert both.operations[7].angle == W(2) ** 2 + W(3)


def test_files_and_pictures() -> None:
    circuit = example()
    assert circuit_from_json(circuit_to_json(circuit)) == circuit
    texts = [text.get_text() for text in circuit.draw().axes[0].texts]
    assert "2$x_{0}$ + 0.318π" in texts
    assert "−arctan $x_{0}$$x_{1}$" in texts


def test_programs_declare_what_they_read() -> None:
    circuit = tnq.Circuit(2, (("RX", (0,), W(0) - W(2)), ("RX", (1,), 1 - X(1))), 2, (3,))
    network = tnq.QPUNetwork.line(2, qubits=1)
    first, second = tnq.partition(circuit, network).programs().values()
    assert "input float[64] w0;\ninput float[64] w2;\n" in first
    assert "w1" not in first
    assert "input float[64] x1;\n" in second
    assert "rx(-1.0 * x1 + 1.0)" in second
