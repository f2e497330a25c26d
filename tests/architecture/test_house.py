"""The house's own rules: who may know whom, and that what is named exists and is documented."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db.models import Field, Model

ROOT = Path(__file__).resolve().parents[2]

#: app → the apps below it.
BELOW = {
    "accounts": set[str](),
    "leads": {"accounts"},
    "notifications": {"accounts"},
    "scoring": {"leads", "accounts"},
    "handoff": {"scoring", "leads", "notifications", "accounts"},
    "capture": {"leads", "notifications", "accounts"},
    "crm": {"capture", "handoff", "scoring", "leads", "notifications", "accounts"},
}


def test_imports_follow_the_arrows() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_foreign_keys_follow_the_arrows_too() -> None:
    upward = [
        f"{field} → {target._meta.label}"
        for model in apps.get_models()
        if (app := model._meta.app_label) in BELOW
        for field in model._meta.get_fields()
        if isinstance(field, Field) and (target := _target(field))
        if target._meta.app_label in BELOW and target._meta.app_label not in BELOW[app] | {app}
    ]
    assert upward == []


def _target(field: "Field[object, object]") -> type[Model] | None:
    related = field.related_model
    return related if isinstance(related, type) else None


@pytest.mark.parametrize("task", sorted({*settings.TICKS.values(), *settings.BEAT}))
def test_every_tick_and_beat_names_a_task_that_takes_no_argument(task: str) -> None:
    current_app.loader.import_default_modules()
    assert task in current_app.tasks
    current_app.tasks[task].signature().type.__header__()  # raises when an argument is missing


def test_beat_repeats_every_tick() -> None:
    assert set(settings.TICKS.values()) <= set(settings.BEAT)


def test_every_task_goes_to_a_queue_that_a_worker_takes() -> None:
    router = current_app.amqp.router
    for task in settings.BEAT:
        assert router.route({}, task)["queue"].name in settings.QUEUES


def test_beats_do_not_pile_up_while_no_worker_runs() -> None:
    for task, seconds in settings.BEAT.items():
        assert 0 < settings.CELERY_BEAT_SCHEDULE[task]["options"]["expires"] <= 2 * seconds


@pytest.mark.parametrize("task", sorted(settings.BEAT))
def test_every_beat_job_is_documented(task: str) -> None:
    assert f"`{task}`" in (ROOT / "docs" / "operations.md").read_text()


def _settings_read() -> set[str]:
    source = (ROOT / "crm" / "settings.py").read_text()
    return set(re.findall(r"""env\.\w+\(\s*"([A-Z_]+)\"""", source))


@pytest.mark.parametrize("name", sorted(_settings_read()))
def test_every_setting_is_in_the_example_and_documented(name: str) -> None:
    assert re.search(rf"^#?{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert f"`{name}`" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_says_what_uses_it(file: str) -> None:
    lines = (ROOT / file).read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert wanted
    assert [
        line for line in wanted if not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+ +# .{5,}", line)
    ] == []


def test_everything_imported_is_required() -> None:
    """What a fresh machine lacks is found here, not there: a package that only another one brought."""
    brought = packages_distributions()
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()}
    product, with_tests = _required("requirements.txt"), _required("requirements-dev.txt")
    missing = {
        f"{path.relative_to(ROOT)}: {module}"
        for folder in [*BELOW, "tests", "bench"]
        for path in (ROOT / folder).rglob("*.py")
        for module in _imported(path) - ours - sys.stdlib_module_names
        if not {_plain(name) for name in brought.get(module, [])}
        & (product if folder in BELOW else product | with_tests)
    }
    assert missing == set()


def _required(file: str) -> set[str]:
    lines = (ROOT / file).read_text().splitlines()
    return {_plain(re.split(r"[\[=]", line)[0]) for line in lines if "==" in line}


def _plain(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_files_stay_short_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for folder in BELOW
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and (length := len(path.read_text().splitlines())) > 450
    }
    assert long == {}


def test_no_template_carries_script_or_style_of_its_own() -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in (ROOT / "templates").rglob("*.html")
        if "email" not in path.name  # mail programs know no style sheets
        if (match := inline.search(path.read_text()))
    ]
    assert found == []


def test_every_test_asserts_something() -> None:
    """A test that only runs through says that nothing raised, and goes on saying so whatever is broken."""
    silent = [
        f"{path.relative_to(ROOT)}:{test.lineno} {test.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for test in _silent_tests(ast.parse(path.read_text()))
    ]
    assert silent == []


def _silent_tests(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    functions = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    asserting = {
        function.name for function in functions if any(isinstance(n, ast.Assert) for n in ast.walk(function))
    }

    def asserts(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return isinstance(node, ast.Assert)
        called = ast.unparse(node.func)
        return called in asserting | {"pytest.raises", "expect"} or "assert" in called

    return [
        function
        for function in functions
        if function.name.startswith("test_") and not any(map(asserts, ast.walk(function)))
    ]


def test_no_two_kinds_of_lock_have_one_number() -> None:
    """Else publishing waits for webhooks, say, and nobody knows why."""
    numbers = [
        number
        for folder in BELOW
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"\b7_3\d\d\b", path.read_text())
    ]
    assert len(numbers) > 5
    assert sorted(numbers) == sorted(set(numbers))


def test_links_between_the_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())
        if not link.startswith(("https://", "http://", "mailto:")) and not _leads_somewhere(page, link)
    ]
    assert broken == []


def _leads_somewhere(page: Path, link: str) -> bool:
    file, _, heading = link.partition("#")
    target = page.parent / file if file else page
    if not heading:
        return target.exists()
    headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_silenced_check_says_why() -> None:
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in BELOW
        for path in (ROOT / folder).rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"# noqa(: [A-Z]+\d+)?\s*$", line)
    ]
    assert unexplained == []
