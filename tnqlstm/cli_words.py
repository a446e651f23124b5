"""The library's errors in the command line's words: `column=…` is `--column …` there."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["in_options"]

# the library's name of a parameter -> that of the command's function, where they differ
_OTHER_NAMES = {"num_layers": "layers", "n_qubits": "qubits", "may_move": "moves"}
_OF_SHELLS = set(" \t#;|&<>'\"$*?!()")  # what they read as something else than itself


def in_options(message: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The message with the names of parameters replaced by options, {name: option}.

    A name counts as one where it stands before "=", or has an underscore, or is said to be wrong
    ("window must be …"): many are words of the language, too.
    """
    options = dict(parameters)
    options |= {other: options[own] for other, own in _OTHER_NAMES.items() if own in options}
    names = "|".join(sorted(options, key=len, reverse=True))
    if not names:
        return message

    def with_value(match: re.Match[str]) -> str:
        option, value = options[match[1]], match[2]
        if value[0] in "'\"":
            value = value[1:-1]
            if set(value) & _OF_SHELLS:
                value = f'"{value}"' if "'" in value else f"'{value}'"
        return option if value == "True" else f"{option} {value}"

    message = re.sub(
        rf"(?<![\w-])({names})=('[^']*'|\"[^\"]*\"|…|[\w+-]+(?:\.\w+)*)", with_value, message
    )
    message = re.sub(rf"(?<![\w-])({names})(?= must be )", lambda m: options[m[1]], message)
    return re.sub(
        r"(?<![\w-])[a-z]+(?:_[a-z]+)+(?!\w|\(|\.\w)", lambda m: options.get(m[0], m[0]), message
    )
