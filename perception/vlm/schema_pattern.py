"""A JSON schema as a regular expression over compact JSON, so that a decoder can be held to it token by token.

Covered: objects with named properties (written in their order, all of them), arrays, enum, const, anyOf, oneOf, strings,
numbers, booleans, null, and references that do not come back to themselves. Bounds of numbers hold as far as digits go; the
answer is validated afterwards anyway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MOST_CHARACTERS = 256  # of a string, and
MOST_ITEMS = 32  # of an array, where the schema sets no bound
MOST_LISTED = 256  # integers of a bounded range that are listed one by one

CHARACTER = r'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])'
WHOLE = r"(?:0|[1-9]\d{0,14})"
FRACTION = r"(?:\.\d{1,8})?"
NOTES = {"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "format", "deprecated"}
KNOWN = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "null": set(),
}


class IrregularError(Exception):
    """A schema that is no regular expression, or whose keyword is not covered."""


def pattern(schema: Mapping[str, Any]) -> str:
    """Regular expression (module `regex`) of the JSON texts that a schema allows. Raises IrregularError."""
    return _Writer(schema).write(schema, ())


class _Writer:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root

    def write(self, schema: Any, above: tuple[str, ...]) -> str:
        """above: the references that led here."""
        if not isinstance(schema, Mapping):
            raise IrregularError("a schema that allows anything")
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]), above)
        if "const" in schema:
            return _literal(schema["const"])
        if "enum" in schema:
            return _either([_literal(value) for value in schema["enum"]])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                if unknown := set(schema) - NOTES - {key}:
                    raise IrregularError(f"{key} beside {sorted(unknown)}")
                return _either([self.write(choice, above) for choice in schema[key]])
        kinds = schema.get("type")
        if isinstance(kinds, list):
            every = set().union(*(KNOWN.get(kind, set()) for kind in kinds))
            _refuse(schema, every)
            return _either([self._typed(kind, schema, above) for kind in kinds])
        _refuse(schema, KNOWN.get(str(kinds), set()))
        return self._typed(str(kinds), schema, above)

    def _reference(self, target: str, above: tuple[str, ...]) -> str:
        found: Any = self.root
        if target in above or not target.startswith("#/"):
            raise IrregularError(f"the reference {target}")
        for part in target[2:].split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        return self.write(found, (*above, target))

    def _typed(self, kind: str, schema: Mapping[str, Any], above: tuple[str, ...]) -> str:
        if kind == "object":
            properties = schema.get("properties", {})
            if set(schema.get("required", ())) - set(properties) or (
                not properties and schema.get("additionalProperties", True)
            ):
                raise IrregularError("an object whose properties are not named")
            members = [f"{_literal(name)}: {self.write(value, above)}" for name, value in properties.items()]
            return r"\{" + ", ".join(members) + r"\}"
        if kind == "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems", max(MOST_ITEMS, schema.get("minItems", 0)))
            item = self.write(schema.get("items"), above)
            if most == 0:
                return r"\[\]"
            filled = rf"{item}(?:, {item}){{{max(least - 1, 0)},{most - 1}}}"
            return rf"\[(?:{filled})\]" if least else rf"\[(?:{filled})?\]"
        if kind == "string":
            least = schema.get("minLength", 0)
            return f'"{CHARACTER}{{{least},{schema.get("maxLength", max(MOST_CHARACTERS, least))}}}"'
        if kind in ("integer", "number"):
            return _number(kind, schema)
        if kind == "boolean":
            return "(?:true|false)"
        if kind == "null":
            return "null"
        raise IrregularError(f"the type {kind}")


def _refuse(schema: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(schema) - NOTES - known - {"type"}:
        raise IrregularError(f"the keywords {sorted(unknown)}")


def _number(kind: str, schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "integer" and isinstance(low, int) and isinstance(high, int) and high - low < MOST_LISTED:
        return _either([str(number) for number in range(low, high + 1)])
    if kind == "number" and low == 0 and high == 1:
        return r"(?:0(?:\.\d{1,8})?|1(?:\.0{1,8})?)"
    sign = "" if isinstance(low, int | float) and low >= 0 else "-?"
    return sign + WHOLE + (FRACTION if kind == "number" else "")


def _literal(value: Any) -> str:
    """A value as it is, or with escapes in place of what a tokenizer may have no whole token for."""
    return _either(list(dict.fromkeys(re.escape(json.dumps(value, ensure_ascii=ascii_)) for ascii_ in (False, True))))


def _either(choices: list[str]) -> str:
    if not choices:
        raise IrregularError("a choice of nothing")
    if len(choices) == 1:
        return choices[0]
    return f"(?:{'|'.join(choices)})"
