"""Three-valued expressions over facts: and, or, not, comparisons, sets; what is not known stays unknown. Pure.

Kleene's logic: `not unknown` is unknown, `false and unknown` is false. A comparison with nan, or with a text that is
empty, is unknown. A name is a field of Facts or a parameter of the indicator.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

YES, NO, UNKNOWN = 1, 0, -1

Truth = NDArray[np.int8]
"""YES, NO or UNKNOWN of each case, shape (n,)."""
Column = NDArray[np.int8] | NDArray[np.float64] | NDArray[np.str_]
"""A fact of each case, shape (n,): Truth, a number (nan: not known), or a text ("": not known)."""


class ExpressionError(ValueError):
    """What is written is no expression of this kind, or names what there is not; in English, with the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    text: str
    tree: ast.expr

    @classmethod
    def parse(cls, text: str, names: frozenset[str]) -> "Expression":
        """Raises ExpressionError."""
        raise NotImplementedError

    def evaluate(self, facts: Mapping[str, Column], parameters: Mapping[str, float | bool | str], n: int) -> Truth:
        raise NotImplementedError
