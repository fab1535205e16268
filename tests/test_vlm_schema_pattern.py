"""Regular expressions of JSON schemas, which hold a decoder to them."""

from __future__ import annotations

import json

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from enactive.perception.vlm.schema_pattern import IrregularError, pattern

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text('aé"\\/ \n{}', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_the_pattern_of_a_constant_is_the_constant(value: object) -> None:
    written = json.dumps(value, ensure_ascii=False)
    for schema in ({"const": value}, {"enum": ["other", value]}, {"anyOf": [{"const": value}]}):
        assert regex.fullmatch(pattern(schema), written)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 2}, ['"a"', '"\\n"', '"é"'], ['""', '"abc"', '"\n"', "a", '"\\x"']),
        ({"type": "integer"}, ["0", "-12"], ["01", "1.0", "+1", ""]),
        ({"type": "integer", "minimum": 0, "maximum": 11}, ["0", "11"], ["12", "-1"]),
        ({"type": "number"}, ["0", "-1.25"], [".5", "1.", "NaN"]),
        ({"type": "number", "minimum": 0, "maximum": 1}, ["0", "0.5", "1", "1.0"], ["1.5", "-0.1"]),
        ({"type": ["null", "boolean"]}, ["null", "true", "false"], ["0"]),
        ({"type": "array", "items": {"const": 1}}, ["[]", "[1]", "[1, 1]"], ["[1,]", "[2]"]),
        (
            {"type": "array", "items": {"const": 1}, "minItems": 2, "maxItems": 3},
            ["[1, 1]", "[1, 1, 1]"],
            ["[1]", "[1, 1, 1, 1]"],
        ),
        ({"type": "array", "items": {"const": 1}, "maxItems": 0}, ["[]"], ["[1]"]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"const": "x"}}}, ['"x"'], ['"y"']),
        ({"type": "object", "additionalProperties": False}, ["{}"], ['{"a": 1}']),
    ],
)
def test_patterns_allow_what_the_schema_allows(schema: dict[str, object], good: list[str], bad: list[str]) -> None:
    written = pattern(schema)
    assert all(regex.fullmatch(written, one) for one in good)
    assert not any(regex.fullmatch(written, one) for one in bad)
    for one in good:
        Draft202012Validator(schema).validate(json.loads(one))


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "string", "pattern": "a"},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}},
        {"$ref": "#/$defs/gone"},
        {"allOf": [{"type": "string"}]},
        {"enum": []},
        {"type": "array"},
    ],
)
def test_what_is_no_regular_expression_says_so(schema: dict[str, object]) -> None:
    with pytest.raises(IrregularError):
        pattern(schema)
