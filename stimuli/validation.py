"""From a YAML file to a checked model: every mistake as a sentence with its line and a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Tag, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from stimuli.problems import Problem
from stimuli.yamlfile import MAX_PROBLEMS, YamlFile, did_you_mean, more_problems, shown

ModelT = TypeVar("ModelT", bound=BaseModel)


class Part(BaseModel):
    """A part of a file: frozen, typed strictly, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


NAME_FORM = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
COLOUR_FORM = r"^#[0-9A-Fa-f]{6}$"
OPTION_FORM = r"^[a-z0-9]+(-[a-z0-9]+)*$"
LANGUAGE_FORM = r"^[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?$"
# Where a key lies on a keyboard, whatever its label: the names of the W3C's UI Events codes.
KEY_FORM = (
    r"^(Key[A-Z]|Digit[0-9]|Numpad[0-9]|Space|Enter|Arrow(Left|Right|Up|Down)"
    r"|Comma|Period|Slash|Semicolon|Quote|BracketLeft|BracketRight|Minus|Equal|Backquote)$"
)
_FORMS = {
    NAME_FORM: "lower-case letters, digits and single hyphens, starting with a letter",
    COLOUR_FORM: 'a colour such as "#808080"',
    OPTION_FORM: "lower-case letters, digits and single hyphens",
    LANGUAGE_FORM: "a language such as en, de or pt-BR",
    KEY_FORM: "the place of a key such as KeyJ, Digit1, Space or ArrowLeft",
}


def mistake(message: str, remedy: str = "") -> PydanticCustomError:
    """Return what a validator of ours raises: a sentence and its remedy."""
    return PydanticCustomError("mistake", "{text}", {"text": message, "remedy": remedy})


def validate(model: type[ModelT], source: YamlFile) -> tuple[ModelT | None, list[Problem]]:
    """Check the values of `source` against `model`: the model, or every problem."""
    try:
        # Through JSON, because strict checking then takes lists for tuples and nothing else for it.
        return model.model_validate_json(json.dumps(source.values)), []
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _is_echo(detail)]
    problems = [_problem(model, source, detail) for detail in details[:MAX_PROBLEMS]]
    left = len(details) - len(problems)
    if left:
        problems.append(more_problems(left, source.file))
    return None, problems


def _is_echo(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because an entry of it is wrong, which is told as well."""
    least = detail.get("ctx", {}).get("min_length")
    entries = detail["input"]
    return detail["type"] == "too_short" and isinstance(entries, list) and len(entries) >= (least or 0)


def _problem(model: type[BaseModel], source: YamlFile, detail: ErrorDetails) -> Problem:
    loc, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    where = _where(source, loc)
    value = shown(detail["input"])
    name = str(loc[-1]) if loc else ""
    match kind:
        case "missing":
            return source.problem(loc[:-1], f'"{name}" is missing{where}.', "Add it.")
        case "extra_forbidden":
            known = _fields(model, loc[:-1]) - set(_keys(source, loc[:-1]))
            return source.problem(loc, f'unknown key "{name}"{where}.', did_you_mean(name, known))
        case "union_tag_not_found":
            key = str(context["discriminator"]).strip("'")
            return source.problem(loc, f'"{key}" is missing{where}.', "Add it.")
        case "union_tag_invalid":
            key = str(context["discriminator"]).strip("'")
            known = {word.strip(" '") for word in str(context["expected_tags"]).split(",")}
            message = f'"{key}" cannot be "{context["tag"]}".'
            return source.problem((*source.place(loc), key), message, did_you_mean(context["tag"], known))
        case "literal_error":
            known = {word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")}
            return source.problem(
                loc, f"{_named(source, loc)} cannot be {value}.", did_you_mean(detail["input"], known)
            )
        case "too_short" | "too_long" if "actual_length" in context:
            bound = context.get("min_length", context.get("max_length"))
            much = "at least" if kind == "too_short" else "at most"
            entries = "entry" if bound == 1 else "entries"
            return source.problem(loc, f"{_named(source, loc)} must have {much} {bound} {entries}.")
        case "string_pattern_mismatch":
            form = _FORMS.get(str(context["pattern"]), f"text of the form {context['pattern']}")
            return source.problem(loc, f"{_named(source, loc)} must be {form}, not {value}.")
        case "mistake":
            return source.problem(loc, str(context["text"]), str(context["remedy"]))
    wanted = _WANTED.get(kind)
    if wanted is None:
        return source.problem(loc, f"{_named(source, loc)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}.")
    text = wanted.format(**context)
    remedy = ""
    if detail["input"] is None:
        remedy = "Write it after the colon."
    elif kind == "string_type" and not isinstance(detail["input"], dict | list):
        remedy = "Put the text in quotes."
    return source.problem(loc, f"{_named(source, loc)} must be {text}, not {value}.", remedy)


_WANTED = {
    "string_type": "text",
    "string_too_short": "text of at least {min_length} character(s)",
    "string_too_long": "text of at most {max_length} characters",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping (NAME: VALUE)",
    "model_type": "a mapping (NAME: VALUE)",
    "model_attributes_type": "a mapping (NAME: VALUE)",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:g} or less",
}


def _named(source: YamlFile, loc: tuple[str | int, ...]) -> str:
    """Name the value at `loc`: its key, or its place in the list that has one."""
    place = source.place(loc)
    if not place:
        return "the file"
    last = place[-1]
    if isinstance(last, str):
        return f'"{last}"'
    around = next((part for part in reversed(place) if isinstance(part, str)), "list")
    return f'entry {last + 1} of "{around}"'


def _where(source: YamlFile, loc: tuple[str | int, ...]) -> str:
    """Say in which part of the file, so that a line is not all there is."""
    inside = source.place(loc[:-1])
    return f" in {_named(source, inside)}" if inside else ""


def _keys(source: YamlFile, loc: tuple[str | int, ...]) -> list[str]:
    value = source.at(source.place(loc))
    return list(value) if isinstance(value, Mapping) else []


def _fields(model: type[BaseModel], loc: tuple[str | int, ...]) -> set[str]:
    """Return the keys that the model at `loc` of a validator's path knows."""
    candidates: list[Any] = [model]
    for part in loc:
        candidates = [inner for each in candidates for inner in _step(each, part)]
    return {
        field.alias or name
        for each in candidates
        for leaf in _models(each, None)
        for name, field in leaf.model_fields.items()
    }


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    """Yield what stands behind one part of a validator's path: a field, an entry or an alternative."""
    chosen = list(_models(annotation, part))
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    is_union = get_origin(inner) in (Union, UnionType)
    tagged = [option for option in get_args(inner) if part in _tags(option)] if is_union else []
    if tagged:
        yield from (get_args(option)[0] for option in tagged)
        return
    if is_union and chosen:
        yield from chosen
        return
    for leaf in _models(annotation, None):
        for name, field in leaf.model_fields.items():
            if part in (name, field.alias):
                yield field.annotation if not field.metadata else Annotated[field.annotation, *field.metadata]
                return
    if chosen:
        yield from chosen
        return
    if is_union:
        for option in get_args(inner):
            yield from _step(option, part)
    elif get_origin(inner) in (tuple, list) and isinstance(part, int):
        yield get_args(inner)[0]
    elif get_origin(inner) is dict:
        yield get_args(inner)[1]


def _tags(annotation: Any) -> list[str]:
    """Return the tags of an alternative."""
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return [mark.tag for mark in marks if isinstance(mark, Tag)]


def _models(annotation: Any, tag: str | int | None) -> Iterator[type[BaseModel]]:
    """Yield the models that `annotation` may be, only those of alternative `tag` if given."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        tags = [mark.tag for mark in marks if isinstance(mark, Tag)]
        yield from _models(inner, None if tag in tags else tag)
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from _models(option, tag)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("kind") or annotation.model_fields.get("scale")
        named = get_args(kind.annotation) if kind and get_origin(kind.annotation) is Literal else ()
        if tag is None or tag in named:
            yield annotation
