"""A condition as a form: what the rule page's controls say ↔ the JSON that ``conditions.parse`` reads. Pure.

{"activity": ["demo_request"], "at_least": 2}  ↔  when-0-what=did:demo_request when-0-how=least when-0-n=2
"""

import json
import re
from typing import Any

from .conditions import DEEPEST, ConditionError, parse
from .kinds import KINDS, Kind, Node, Places, Saying

# JSON → form


def show(condition: Any) -> Node:
    """The form of ``condition``; one without conditions for None. Its root is a group always: a condition
    that is none is the only part of it."""
    if condition is None:
        return Node("group", {"how": "all"})
    root = _shown(condition, 1)
    return root if root.kind == "group" else Node("group", {"how": "all"}, parts=[root])


def _shown(condition: Any, depth: int) -> Node:
    if isinstance(condition, dict) and depth <= DEEPEST:
        if len(condition) == 1:
            [(how, parts)] = condition.items()
            if how in ("all", "any", "none") and isinstance(parts, list) and parts:
                return Node("group", {"how": how}, parts=[_shown(part, depth + 1) for part in parts])
        for name, kind in KINDS.items():
            if name in condition and (node := _said_the_same(kind, condition)):
                return node
    return Node("json", {"json": json.dumps(condition, ensure_ascii=False, indent=1)})


def _said_the_same(kind: Kind, condition: dict[str, Any]) -> Node | None:
    """The node, unless something would be lost in it."""
    try:
        node = kind.show(condition)
        said = kind.say(node, Saying("", "$", {}))
        same = parse(said) == parse(condition)
    except ConditionError:
        same = said == condition
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return node if same else None


# Form → JSON


def said(root: Node, *, name: str, path: str, places: Places) -> Any:
    """The JSON of ``root``; None when it has no parts. ``places`` learns which control says what."""
    places[path] = f"{name}-how"
    if not root.parts:
        return None
    if len(root.parts) == 1 and root.get("how") != "none":
        return _say(root.parts[0], Saying(f"{name}-0", path, places))
    return _say(root, Saying(name, path, places))


def place_of(path: str, places: Places) -> str:
    """The control that a fault at ``path`` is about; "" for none."""
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["))] if re.search(r"[.\[]", path) else ""
    return places.get(path, "")


def _say(node: Node, saying: Saying) -> Any:
    match node.kind:
        case "group":
            how = node.get("how") if node.get("how") in ("all", "any", "none") else "all"
            saying.places[saying.path] = f"{saying.name}-how"
            return {
                how: [_say(part, saying.below(str(n), f"{how}[{n}]")) for n, part in enumerate(node.parts)]
            }
        case "json":
            saying.places[saying.path] = f"{saying.name}-json"
            try:
                return json.loads(node.get("json"))
            except (ValueError, RecursionError):
                return node.get("json")
        case "new":
            saying.places[saying.path] = f"{saying.name}-what"
            return {}
    saying.places[saying.path] = f"{saying.name}-what"
    return KINDS[node.kind].say(node, saying)
