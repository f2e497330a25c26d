"""The form of a condition as it was posted, and what its buttons do to it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .conditions import DEEPEST
from .fields import Type, of_property
from .kinds import KIND_OF, Node, Posted, field_of
from .operators import OPERATORS

_DEEPEST_NAME = 4 * DEEPEST


def posted(data: Posted, name: str) -> Node:
    """The tree of the controls whose names begin with ``name``. Whatever is posted gives a tree."""
    root = _read(_branch(data, name), 1)
    root.kind = "group"
    return root


class _Branch(NamedTuple):
    controls: dict[str, list[str]]
    below: dict[str, "_Branch"]


def _branch(data: Posted, name: str) -> _Branch:
    root = _Branch({}, {})
    for key, values in data.items():
        first, *rest = key.split("-")
        if first != name or not rest or len(rest) > _DEEPEST_NAME:
            continue
        here = root
        for step in rest[:-1]:
            here = here.below.setdefault(step, _Branch({}, {}))
        here.controls[rest[-1]] = list(values)
    return root


_SEVERAL = ("type", "stage", "chosen")


def _read(branch: _Branch, depth: int) -> Node:
    """A node and what is below it, numbered anew in the order of the old numbers."""
    node = Node(
        "new",
        {key: values[-1] for key, values in branch.controls.items() if values and key not in _SEVERAL},
        {
            key: list(dict.fromkeys(one for one in values if one))
            for key, values in branch.controls.items()
            if key in _SEVERAL
        },
    )
    if depth <= DEEPEST + 1:
        node.parts = [_read(part, depth + 1) for part in _numbered(branch)]
    node.kind = _kind_of(node)
    if where := branch.below.get("where"):
        node.where = [_kinded(_read(test, depth + 1), "property") for test in _numbered(where)]
    if (after := branch.below.get("after")) and node.kind == "activity":
        node.after = _kinded(_read(after, depth + 1), "after")
    return node


def _numbered(branch: _Branch) -> list[_Branch]:
    return [branch.below[key] for key in sorted((k for k in branch.below if k.isdecimal()), key=int)]


def _kinded(node: Node, kind: str) -> Node:
    node.kind = kind
    return node


def _kind_of(node: Node) -> str:
    if node.values.get("kind") in ("group", "json"):
        return node.values["kind"]
    return KIND_OF.get(node.get("what").partition(":")[0], "new")


# What the buttons do to it


def settle(node: Node) -> None:
    """Make what was chosen fit together: an operator of the new field's type, numbers to begin with."""
    for part in [*node.parts, *node.where, *([node.after] if node.after else [])]:
        settle(part)
    if node.kind in ("field", "property"):
        fitting = operators_for(node)
        if node.get("op") not in fitting:
            node.values["op"] = fitting[0]
    elif node.kind == "activity":
        node.values.setdefault("how", "least")
        node.values.setdefault("n", "1")
    elif node.kind == "colleagues":
        node.values.setdefault("n", "1")
        node.values.setdefault("days", "30")


def operators_for(node: Node) -> list[str]:
    """The operators that fit what a comparison is about, the usual ones first."""
    about = field_of(node) or (of_property("?") if node.kind == "property" else None)
    if about is None:
        return [name for name, operator in OPERATORS.items() if Type.ANY in operator.types]
    return [name for name, operator in OPERATORS.items() if operator.fits(about)]


def act(roots: Mapping[str, Node], action: str) -> str:
    """Do what a button of the builder says (``add:when-0``, ``group:when``, ``detail:…``, ``after:…``,
    ``remove:…``) to the tree it names. Returns the control that takes the focus; "" when nothing was done."""
    verb, _, name = action.partition(":")
    first, *steps = name.split("-")
    node = roots.get(first)
    if node is None:
        return ""
    if verb == "remove":
        return _remove(node, first, steps)
    found = _find(node, steps)
    if found is None:
        return ""
    match verb:
        case "add":
            found.parts.append(Node("new"))
            return f"{name}-{len(found.parts) - 1}-what"
        case "group":
            how = "any" if found.get("how") == "all" else "all"
            found.parts.append(Node("group", {"how": how}, parts=[Node("new")]))
            return f"{name}-{len(found.parts) - 1}-0-what"
        case "detail":
            found.where.append(Node("property", {"op": "eq"}))
            return f"{name}-where-{len(found.where) - 1}-property"
        case "after":
            found.after = Node("after", {"n": "7", "unit": "days"})
            return f"{name}-after-n"
    return ""


def _find(node: Node | None, steps: Sequence[str]) -> Node | None:
    rest = list(steps)
    while rest and node is not None:
        step = rest.pop(0)
        if step == "after":
            node = node.after
        elif step == "where":
            node = _nth(node.where, rest.pop(0) if rest else "")
        else:
            node = _nth(node.parts, step)
    return node


def _nth(nodes: list[Node], step: str) -> Node | None:
    return nodes[int(step)] if step.isdecimal() and int(step) < len(nodes) else None


def _remove(root: Node, first: str, steps: list[str]) -> str:
    """Take a node out. The one that takes its place gets the focus, else the one before, else what it was
    part of."""
    if not steps:
        return ""
    above = steps[:-1]
    if steps[-1] == "after":
        if owner := _find(root, above):
            owner.after = None
        return "-".join([first, *above, "what"])
    if above and above[-1] == "where":
        owner = _find(root, above[:-1])
        found, control = (owner.where if owner else []), "property"
    else:
        owner = _find(root, above)
        found, control = (owner.parts if owner else []), "what"
    if _nth(found, steps[-1]) is None:
        return ""
    place = int(steps[-1])
    del found[place]
    if found:
        left = min(place, len(found) - 1)
        control = "how" if found[left].kind == "group" else "json" if found[left].kind == "json" else control
        return "-".join([first, *above, str(left), control])
    return "-".join([first, *above[:-1], "what"] if control == "property" else [first, *above, "how"])


def nodes_of(root: Node, name: str) -> Iterator[tuple[str, Node]]:
    """Every node below and including ``root`` with its name."""
    yield name, root
    for n, part in enumerate(root.parts):
        yield from nodes_of(part, f"{name}-{n}")
    for n, test in enumerate(root.where):
        yield from nodes_of(test, f"{name}-where-{n}")
    if root.after is not None:
        yield from nodes_of(root.after, f"{name}-after")


def controls_of(root: Node, name: str) -> dict[str, list[str]]:
    """What a browser posts for ``root``: the other direction of ``posted``."""
    controls: dict[str, list[str]] = {}
    for at, node in nodes_of(root, name):
        if node.kind in ("group", "json"):
            controls[f"{at}-kind"] = [node.kind]
        controls |= {f"{at}-{key}": [value] for key, value in node.values.items()}
        controls |= {f"{at}-{key}": list(values) for key, values in node.lists.items()}
    return controls
