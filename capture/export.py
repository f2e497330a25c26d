"""Cells of files that spreadsheets open: no cell of a stranger becomes a formula."""

#: What makes a spreadsheet take a cell for a formula or break out of it, also in full width.
_BEGINS = tuple("=+-@\t\r\n\0＝＋－＠")


def safe_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: with an apostrophe before, which they hide (B7)."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS) or text.startswith("'") else text


def plain_cell(text: str) -> str:
    """The cell that ``safe_cell`` made safe, as it was."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text
