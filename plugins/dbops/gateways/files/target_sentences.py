"""What pydantic found wrong with a target, in words for the person who wrote the file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from dbops.domain.target import Target
from dbops.domain.words.suggestion import did_you_mean
from dbops.gateways.files.yaml_lines import unknown_key

# By the type of pydantic's error.
WANTED = {
    "string_type": "must be a text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list, as in [first, second]",
    "list_type": "must be a list, as in [first, second]",
    "set_type": "must be a list, as in [first, second]",
    "frozen_set_type": "must be a list, as in [first, second]",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}


_MISSING = {
    "connection": "; write the id of its Airflow connection, as in connection: summary_app",
    "encryption.recipients": "; write who can decrypt, as in recipients: [age1...], or [] for no encryption",
}


def sentence_of(error: ErrorDetails) -> str:
    """One sentence on one error of a Target; it repeats a value only where the rule that refused it does."""
    place, kind, context = error["loc"], error["type"], error.get("ctx", {})
    name = _dotted(place)
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return f"{name} is missing{_MISSING.get(name, '')}"
    if kind == "value_error":
        return f"{name}: {context['error']}" if name and name != "name" else str(context["error"])
    return _wrong_value(error, name)


def _wrong_value(error: ErrorDetails, name: str) -> str:
    place, kind, context = error["loc"], error["type"], error.get("ctx", {})
    if error["input"] is None:
        return f"{name} is empty; give it a value or remove the line"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        keys = ", ".join(_keys(place))
        return f'{name} must be a section: below it, indented lines such as "{keys.split(",")[0]}: ..."; it has {keys}'
    if kind == "literal_error":
        allowed = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        near = did_you_mean(str(error["input"]), allowed)
        return f"{name} must be one of {', '.join(allowed)}. {near}".strip()
    wanted = WANTED.get(kind)
    return f"{name} {wanted.format(**context)}" if wanted else f"{name}: {error['msg']}"


def _unknown_key(place: tuple[int | str, ...]) -> str:
    key, known = str(place[-1]), _keys(place[:-1])
    where = f"below {_dotted(place[:-1])}" if place[:-1] else "of a target"
    homes = [section for section in _keys(()) if key in _keys((section,)) and (section,) != place[:-1]]
    if homes and key not in known:
        return f'"{key}" is not a key {where}; it belongs below {" or ".join(homes)}'
    return unknown_key(key, known, where)


def _keys(place: tuple[int | str, ...]) -> list[str]:
    model: Any = Target
    for part in place:
        model = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return []
    return [key for key in model.model_fields if place or key != "name"]


def _dotted(place: tuple[int | str, ...]) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
