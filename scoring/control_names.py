"""What the controls of the rule page are called where they stand without their place: in the list of faults,
and for whoever hears the page. Pure."""

_NAMES = {
    "label": "Name",
    "name": "Name of the group",
    "points": "Points",
    "mismatch": "Points when not so",
    "cap": "Most points",
    "window_days": "Days that count",
    "per-times": "Times that count",
    "per-period": "Period",
    "decay-kind": "Fading",
    "decay-days": "Days of fading",
    "decay-percent": "Share that fades",
    "dimension": "Dimension",
    "group": "Group",
    "count": "How it counts",
    "stage": "Stage",
    "min-fit": "Least fit",
    "min-engagement": "Least engagement",
    "min-intent": "Least intent",
    "min-total": "Least total",
    "leave": "Points below",
    "cool_down_days": "Days without a crossing",
    "within": "Larger group",
    "ceiling-fit": "Ceiling of fit",
    "ceiling-engagement": "Ceiling of engagement",
    "ceiling-intent": "Ceiling of intent",
    "grades": "Grade",
    "time_zone": "Time zone",
    "tier-times": "Times",
    "tier-points": "Points",
}
#: The last step of a control in a condition → its name. What is not here has the name of the condition.
_IN_CONDITION = {
    "n": "times",
    "m": "times at most",
    "days": "days",
    "value": "value",
    "key": "attribute",
    "op": "how",
    "property": "name",
    "type": "activity",
    "stage": "stages",
    "json": "JSON",
}
_ROOTS = {"when": "condition", "unless": "exception", "applies": "condition"}


def name_of(control: str) -> str:
    """ "Points", "Step 2, times", "Condition 2.1, days"."""
    if control in _NAMES:
        return _NAMES[control]
    first, *steps = control.split("-")
    if first == "tier" and len(steps) == 2 and steps[1].isdecimal():
        return f"Step {int(steps[1]) + 1}, {steps[0]}"
    if first not in _ROOTS or not steps:
        return ""
    place = place_of("-".join([first, *steps[:-1]]))
    if steps[-1] == "how" and place:
        place = place.replace(_ROOTS[first], "group", 1)
    parts = (place or f"{_ROOTS[first]}s", _IN_CONDITION.get(steps[-1], ""))
    said = ", ".join(part for part in parts if part)
    return said[:1].upper() + said[1:]


def place_of(node: str) -> str:
    """Where a node of a condition is: "condition 2.1", "exception 1, detail 2"; "" for all of them."""
    first, *steps = node.split("-")
    said: list[str] = []
    numbers: list[str] = []
    word = _ROOTS.get(first, first)
    for step in [*steps, "."]:
        if step.isdecimal():
            numbers.append(str(int(step) + 1))
            continue
        if numbers:
            said.append(f"{word} {'.'.join(numbers)}")
        numbers, word = [], "detail"
        if step == "after":
            said.append("only after")
    return ", ".join(said)


def named(control: str, fault: str) -> str:
    """A fault with the name of its control: "Points: give a whole number from -200 to 200."."""
    name = name_of(control)
    if not name:
        return fault
    begins_a_word = fault[1:2].islower() or fault[1:2] == " "
    return f"{name}: {fault[:1].lower() + fault[1:] if begins_a_word else fault}"
