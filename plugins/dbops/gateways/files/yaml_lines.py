"""YAML with the line of every key: PyYAML's own values, and where each stands, for errors that people can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dbops.domain.fault import Fault
from dbops.domain.words.suggestion import did_you_mean

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML built without libyaml: the same, ten times slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Place = tuple[str | int, ...]

_EXAMPLE = "connection: summary_app"


class YamlFault(Exception):
    """A text that is not the YAML we take: ``line`` counts from 1, ``sentence`` says what to do."""

    def __init__(self, line: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


@dataclass(frozen=True)
class YamlMapping:
    """The mapping a file holds, and the line of every key and list item in it by its place."""

    value: Mapping[str, Any]
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line_of(self, place: Place) -> int | None:
        """The line of a key, else of the nearest above it; None where none of them stands here."""
        above = (place[:length] for length in range(len(place), 0, -1))
        return next((self.lines[one] for one in above if one in self.lines), None)


def unknown_key(key: str, known: Sequence[str], where: str) -> str:
    """The sentence on a key that nobody reads, and those that are ``known`` there; ``where`` is as in "of a suite"."""
    return f'"{key}" is not a key {where}. {did_you_mean(key, known) or "The keys are " + ", ".join(known)}'


def read_text(body: bytes) -> str:
    """The text of a file, without a byte order mark; raises YamlFault."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise YamlFault(line, "this is not UTF-8 text; save the file as UTF-8") from None


def read_yaml_file(path: Path, shown: str, example: str = _EXAMPLE) -> YamlMapping | Fault:
    """What the file holds, as ``read_yaml_mapping`` does; where it cannot be read, the fault of that ``shown`` file."""
    try:
        return read_yaml_mapping(path.read_bytes(), example)
    except YamlFault as fault:
        return Fault(shown, fault.line, fault.sentence)
    except OSError as error:
        sentence = f"the file cannot be read ({error.strerror}); correct or remove it"
        if path.is_symlink() and not path.exists():
            sentence = "this is a symbolic link to a file that does not exist; correct or remove it"
        return Fault(shown, None, sentence)


def read_yaml_mapping(body: bytes, example: str = _EXAMPLE) -> YamlMapping:
    """Read one YAML document that is a mapping (empty counts as one), with lines such as ``example``.

    Raises YamlFault.
    """
    text = read_text(body)
    try:
        loader = _Loader(text)
        try:
            return _compose(loader, example)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlFault(mark.line + 1 if mark else None, _sentence(error, text)) from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        raise YamlFault(
            text[:position].count("\n") + 1, "there is a character that YAML does not allow; remove it"
        ) from None
    except ValueError as error:  # of the constructor, for a date such as 2026-13-45
        raise YamlFault(None, f"a value cannot be read ({error}); put it in quotes") from None
    except RecursionError:
        raise YamlFault(None, "this is nested too deeply; flatten it") from None


def _compose(loader: Any, example: str) -> YamlMapping:
    node = loader.get_single_node()
    if node is None:
        return YamlMapping({})
    if not isinstance(node, yaml.MappingNode):
        raise YamlFault(node.start_mark.line + 1, f"this is not a mapping; write lines such as {example}")
    lines: dict[Place, int] = {}
    return YamlMapping(_Walk(loader, lines).mapping(node, ()), lines)


class _Walk:
    def __init__(self, loader: Any, lines: dict[Place, int]) -> None:
        self._loader = loader
        self._lines = lines
        self._seen: set[int] = set()

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key == "<<":
                raise YamlFault(line, "a key is a plain word here; what several targets share belongs in defaults.yaml")
            if key in found:
                raise YamlFault(line, f'"{key}" is given twice, first in line {self._lines[(*place, key)]}; remove one')
            self._lines[(*place, key)] = line
            found[key] = self._value(value_node, (*place, key))
        return found

    def _value(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            raise YamlFault(line, "an alias (*name) is not supported; what targets share belongs in defaults.yaml")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for number, item in enumerate(node.value):
                self._lines[(*place, number)] = item.start_mark.line + 1
                items.append(self._value(item, (*place, number)))
            return items
        try:
            return self._loader.construct_object(node)
        except yaml.YAMLError:
            raise YamlFault(line, "this value has a tag that is not supported; write it without !") from None
        except ValueError as error:
            raise YamlFault(line, f"this value cannot be read ({error}); put it in quotes") from None


def _sentence(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    problem = error.problem or "it cannot be parsed"
    value = line.partition(":")[2].strip()
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab indents this line; YAML takes only spaces"
    if value[:1] in {"*", "@", "`", "%"}:
        return f'a value that begins with {value[0]} needs quotes, as in "{value}"'
    if "undefined alias" in problem:
        return "an alias (*name) is not supported; put the value in quotes if it is a text"
    if "expected a single document" in (error.context or ""):
        return "a second document begins here; remove the line ---"
    return f"this is not YAML: {problem}; look at the colons, quotes and indentation here and in the line above"
