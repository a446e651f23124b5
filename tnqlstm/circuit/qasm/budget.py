"""How much work a text may ask for, so that a short one can't ask for hours.

Work is counted in steps of about half a microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass

from .tokens import Token, error_at

__all__ = ["MAX_WORK", "WORK_OF_A_GATE", "Budget"]

# A text may take a second, and 20 µs besides for each gate that its statements make, up to a
# thousand for each; those of a loop have to do with what there is.
MAX_WORK = 2_000_000
WORK_OF_A_GATE = 40
_MOST_EARNED = 1_000


@dataclass
class Budget:
    """The work that's left."""

    left: float = MAX_WORK

    def spend(self, steps: float, token: Token) -> None:
        """Count the steps; `QasmError` at the token where that's too many."""
        if steps > self.left:
            raise error_at(
                token,
                f"too much to expand: {str(token)[:40]!r} stands for more work than a text may ask "
                "for here. Nest or repeat fewer gate definitions, loops and expressions.",
            )
        self.left -= steps

    def earn(self, n_gates: int) -> None:
        """Allow for the work that these gates of one statement took."""
        earned = WORK_OF_A_GATE * min(n_gates, _MOST_EARNED)
        self.left = min(self.left + earned, MAX_WORK)
