"""Three-valued expressions over facts: and, or, not, comparisons, sets; what is not known stays unknown. Pure.

Kleene's logic: `not unknown` is unknown, `false and unknown` is false. A comparison with nan, or with a text that is
empty, is unknown. A name is a field of Facts, a parameter of the indicator, or `unknown` itself.

    ga and (usable or core == "unknown" and unknown)        pacu_h > limit_h        asa in {"1", "2"}

Numbers may be added, subtracted, multiplied and divided; n ÷ 0 is unknown. Nothing else of Python is taken.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

YES, NO, UNKNOWN = 1, 0, -1

Truth = NDArray[np.int8]
"""YES, NO or UNKNOWN of each case, shape (n,)."""
Column = NDArray[np.int8] | NDArray[np.float64] | NDArray[np.str_]
"""A fact of each case, shape (n,): Truth, a number (nan: not known), or a text ("": not known)."""
Parameter = float | bool | str

LONGEST = 1_000
"""Characters of an expression; the longest of the catalogue has a third of it, and no nesting of so few is too deep."""

_MOST = 1e15


class Kind(StrEnum):
    TRUTH = "truth"
    NUMBER = "number"
    TEXT = "text"


class ExpressionError(ValueError):
    """What is written is no expression of this kind, or names what there is not; in English, with the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """`names`: what it names, but `unknown`."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    @classmethod
    def parse(cls, text: str, names: Mapping[str, Kind]) -> "Expression":
        """An expression that is true or not. `names`: what may be named, and what it is. Raises ExpressionError."""
        line = " ".join(text.split("\n")).strip()
        tree = _tree(line)
        kind = _Reader(names, line).kind(tree)
        if kind is not Kind.TRUTH:
            raise ExpressionError(f"expected something that is true or not, this is a {kind}")
        used = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - {_UNKNOWN}
        return cls(text=text, tree=tree, names=used)

    def evaluate(self, facts: Mapping[str, Column], parameters: Mapping[str, Parameter], n: int) -> Truth:
        """Of n cases. A parameter hides a fact of its name."""
        return np.broadcast_to(_Evaluator(facts, parameters).truth(self.tree), (n,)).astype(np.int8)


def kind_of(value: Parameter) -> Kind:
    """What a parameter is."""
    if isinstance(value, bool):
        return Kind.TRUTH
    return Kind.TEXT if isinstance(value, str) else Kind.NUMBER


def both(a: Truth, b: Truth) -> Truth:
    """Kleene's and."""
    never = (a == NO) | (b == NO)
    return np.where(never, NO, np.where((a == UNKNOWN) | (b == UNKNOWN), UNKNOWN, YES)).astype(np.int8)


def either(a: Truth, b: Truth) -> Truth:
    """Kleene's or."""
    ever = (a == YES) | (b == YES)
    return np.where(ever, YES, np.where((a == UNKNOWN) | (b == UNKNOWN), UNKNOWN, NO)).astype(np.int8)


def negation(a: Truth) -> Truth:
    return np.where(a == UNKNOWN, UNKNOWN, 1 - a).astype(np.int8)


_UNKNOWN = "unknown"
_Binary = Callable[[Any, Any], Any]
_ARITHMETIC: Mapping[type[ast.operator], _Binary] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Mapping[type[ast.cmpop], _Binary] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OF_TEXTS = (ast.Eq, ast.NotEq)


def _tree(line: str) -> ast.expr:
    if len(line) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters")
    if not line:
        raise ExpressionError("there is nothing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"column {error.offset or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("cannot be read") from None


class _Reader:
    """Finds out what each part is; raises ExpressionError at the first that cannot be."""

    def __init__(self, names: Mapping[str, Kind], line: str) -> None:
        self._names = names
        self._line = line.encode()

    def kind(self, node: ast.expr) -> Kind:
        match node:
            case ast.Name(id=name):
                if name == _UNKNOWN:
                    return Kind.TRUTH
                if name not in self._names:
                    raise self._error(node, f"{name!r} is neither a fact nor a parameter")
                return self._names[name]
            case ast.Constant(value=bool()) | ast.Constant(value=complex()):
                raise self._error(node, f"{node.value!r} is not taken")
            case ast.Constant(value=str(text)):
                if not text:
                    raise self._error(node, "an empty text is what is not known: nothing equals it")
                return Kind.TEXT
            case ast.Constant(value=int(number) | float(number)):
                if not -_MOST < number < _MOST:
                    raise self._error(node, "no number of ours is so large")
                return Kind.NUMBER
            case ast.BoolOp(values=parts):
                for part in parts:
                    self._expect(part, Kind.TRUTH)
                return Kind.TRUTH
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return self._expect(part, Kind.TRUTH)
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return self._expect(part, Kind.NUMBER)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                self._expect(left, Kind.NUMBER)
                return self._expect(right, Kind.NUMBER)
            case ast.Compare():
                self._compare(node)
                return Kind.TRUTH
            case _:
                raise self._error(node, f"{ast.unparse(node)!r} is nothing that an expression may say")

    def _expect(self, node: ast.expr, kind: Kind) -> Kind:
        found = self.kind(node)
        if found is not kind:
            raise self._error(node, f"expected a {kind}, {ast.unparse(node)!r} is a {found}")
        return kind

    def _compare(self, node: ast.Compare) -> None:
        kind = self.kind(node.left)
        if kind is Kind.TRUTH:
            raise self._error(node, "what is true or not is not compared: and, or, not")
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                if len(node.ops) > 1 or not isinstance(right, ast.Set):
                    raise self._error(right, "expected a set: {…}")
                for element in right.elts:
                    self._expect(element, kind)
                continue
            self._expect(right, kind)
            if type(op) not in _COMPARISONS:
                raise self._error(node, "expected <, <=, >, >=, ==, != or in")
            if kind is Kind.TEXT and not isinstance(op, _OF_TEXTS):
                raise self._error(node, "texts are equal or not, none is more than another")

    def _error(self, node: ast.expr, said: str) -> ExpressionError:
        column = len(self._line[: node.col_offset].decode()) + 1
        return ExpressionError(f"column {column}: {said}")


class _Evaluator:
    """Of what _Reader has let pass."""

    def __init__(self, facts: Mapping[str, Column], parameters: Mapping[str, Parameter]) -> None:
        self._facts = facts
        self._parameters = parameters

    def truth(self, node: ast.expr) -> Truth:
        match node:
            case ast.BoolOp(op=op, values=parts):
                return reduce(both if isinstance(op, ast.And) else either, map(self.truth, parts))
            case ast.UnaryOp(operand=part):
                return negation(self.truth(part))
            case ast.Compare(ops=[ast.In() | ast.NotIn() as op], left=left, comparators=[ast.Set(elts=elements)]):
                found = reduce(either, (self._compared(ast.Eq(), left, element) for element in elements))
                return negation(found) if isinstance(op, ast.NotIn) else found
            case ast.Compare(ops=ops, left=left, comparators=rest):
                sides = pairwise([left, *rest])
                return reduce(both, (self._compared(op, a, b) for op, (a, b) in zip(ops, sides, strict=True)))
            case _:
                return np.asarray(self._value(node), dtype=np.int8)

    def _compared(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Truth:
        a, b = self._value(left), self._value(right)
        known = _is_known(a) & _is_known(b)
        return np.where(known, _COMPARISONS[type(op)](a, b), UNKNOWN).astype(np.int8)

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                if name == _UNKNOWN:
                    return UNKNOWN
                return self._parameters[name] if name in self._parameters else self._facts[name]
            case ast.Constant(value=str(text)):
                return text
            case ast.Constant(value=int(number) | float(number)):
                return float(number)
            case ast.UnaryOp(operand=part):
                return -self._value(part)
            case ast.BinOp(left=left, op=op, right=right):
                a, b = np.float64(self._value(left)), np.float64(self._value(right))
                with np.errstate(all="ignore"):
                    found = np.asarray(_ARITHMETIC[type(op)](a, b))
                return np.where(np.isfinite(found), found, np.nan)
        raise AssertionError(ast.dump(node))


def _is_known(value: Any) -> NDArray[np.bool_]:
    column = np.asarray(value)
    if column.dtype.kind == "U":
        return np.asarray(column != "")
    return ~np.isnan(column.astype(np.float64))
