"""Draw static/icons/sprite.svg from the icons of the ``lucide`` package."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.icons import ICONS

SVG = "http://www.w3.org/2000/svg"
SPRITE = Path("static/icons/sprite.svg")


def draw_sprite(names: frozenset[str]) -> str:
    """One <symbol> per icon, in name order, so that the same names always give the same file.
    Raises KeyError with the file's name when the package has no such icon."""
    ElementTree.register_namespace("", SVG)
    sprite = ElementTree.Element(f"{{{SVG}}}svg")
    with ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes())) as package:
        for name in sorted(names):
            drawing = ElementTree.fromstring(package.read(f"{name}.svg"))  # noqa: S314 — a pinned package
            symbol = ElementTree.SubElement(sprite, f"{{{SVG}}}symbol", id=name, viewBox="0 0 24 24")
            symbol.extend(drawing)
    for node in sprite.iter():
        node.text = node.tail = None  # the package's indentation
    return ElementTree.tostring(sprite, encoding="unicode")


class Command(BaseCommand):
    help = "Draw the icon sprite from the lucide package. The same list always gives the same file."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / SPRITE
        try:
            sprite = draw_sprite(ICONS)
        except KeyError as missing:
            raise CommandError(
                f"The lucide package has no such icon: {missing}. Mend crm/icons.py."
            ) from missing
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sprite)
        self.stdout.write(f"{SPRITE}: {len(ICONS)} icons, {len(sprite) / 1000:.1f} kB")
