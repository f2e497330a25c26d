"""``python -m bench.figures``: how well scores tell who will buy, on data with a recorded outcome.

Imports the sample data (folder ``SAMPLE_DATA``) into a database of its own, lets the product learn a model
from one part and judge the other with it. Then loads and publishes the committed model files of
``bench/models`` and counts the crossings. ``--write`` learns those files anew, from all the leads.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scoring.backtest import Backtest
    from scoring.learning import Learned
    from scoring.outcomes import Decided

ROOT = Path(__file__).resolve().parent.parent
MODELS = Path(__file__).with_name("models")
FOLDS = 5
SEED = 7


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a score ranks: area under the curve, and how many times the average the best tenth buys."""

    auc: float
    lift: float

    def __str__(self) -> str:
        return f"AUC {self.auc:.3f}  lift {self.lift:.2f}"


@dataclass(frozen=True, slots=True)
class Set:
    """One set of leads and what may be learned from. ``among`` None: the product finds out what leaks."""

    name: str
    source: str
    #: Orders the leads by age: a column or an attribute.
    order: str
    among: tuple[str, ...] | None
    #: Leads created before that year are under-counted.
    since: int = 2000


#: What a form and a tracker know, in x-education.
STRICT = ("source", "country", "attributes.origin", "attributes.web_seconds", "visit", "content_download")
SETS = [
    Set(
        "olist",
        "olist",
        "created_at",
        ("source", "attributes.landing_page", "attributes.first_weekday"),
        2018,
    ),
    Set("olist-anything", "olist", "created_at", None, 2018),
    Set("x-education", "x-education", "attributes__number", None),
    Set("x-education-strict", "x-education", "attributes__number", STRICT),
    Set("maven", "maven", "created_at", None),
]
#: Published baselines on the same leads, an integer score card of 15 rules: AUC, top-decile lift or None.
PUBLISHED = {
    ("olist", "later 30 %"): (0.682, 2.00),
    ("olist", "cross-validated"): (0.661, None),
    ("x-education", "cross-validated"): (0.892, 2.46),
    ("x-education-strict", "cross-validated"): (0.808, 2.26),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.figures", description=__doc__)
    parser.add_argument("--write", action="store_true", help="learn the committed model files anew")
    options = parser.parse_args()
    if not os.environ.get("SAMPLE_DATA"):
        sys.exit("SAMPLE_DATA names no folder; nothing to measure on.")
    folder = os.environ.get("FIGURES_DIR") or str(ROOT / ".local" / "figures")
    for name in ("DATABASE_URL", "REDIS_URL"):  # never anybody's real database
        os.environ.pop(name, None)
    os.environ |= {"LOCAL_DIR": folder, "DJANGO_SETTINGS_MODULE": "crm.settings", "LOG_LEVEL": "ERROR"}
    import django

    django.setup()
    from bench.database import fresh

    fresh()
    measure(Path(os.environ["SAMPLE_DATA"]), write=options.write)


def measure(data: Path, *, write: bool) -> None:
    """Import, learn, judge, compare, print."""
    for file, mapping in FILES:
        _import(data / file, mapping)
    print(f"\n{'set':<20} {'part':<16} {'ours':<24} published score card")
    learned = {}
    for one in SETS:
        known = outcomes_of(one)
        learned[one.name] = _later(one, known)
        if one.among or one.name == "x-education":
            _say(one.name, "cross-validated", _cross_validated(one, known))
    print()
    for name, found in learned.items():
        print(f"{name}: {found.said}")
        for left in found.left_out:
            print(f"  not learned from {left.name}: {left.reason}")
    print()
    for one in (one for one in SETS if (one.name, "cross-validated") in PUBLISHED):
        known = outcomes_of(one)
        if write:
            _write(one, known)
        _through_the_product(one, known)


FILES = [
    ("olist-funnel/olist_marketing_qualified_leads_dataset.csv", "olist-leads"),
    ("olist-funnel/olist_closed_deals_dataset.csv", "olist-deals"),
    ("x-education/leads.csv", "x-education-leads"),
    ("x-education/leads.csv", "x-education-outcomes"),
    ("maven-crm/accounts.csv", "maven-companies"),
    ("maven-crm/sales_pipeline.csv", "maven-leads"),
    ("maven-crm/sales_pipeline.csv", "maven-outcomes"),
]


def _import(path: Path, mapping: str) -> None:
    from django.core.management import call_command

    call_command("import_leads", str(path), "--mapping", str(ROOT / "capture/mappings" / f"{mapping}.json"))


def outcomes_of(one: Set) -> "list[Decided]":
    """Who was won and who was not, oldest lead first. Of maven the open deals stay open; in the other sets
    nobody writes down a loss, so whoever was not won by now was not won."""
    from django.utils import timezone

    from leads.models import Lead
    from scoring import outcomes

    leads = Lead.objects.filter(external_ids__source=one.source, created_at__year__gte=one.since)
    ids = list(leads.order_by(one.order, "pk").values_list("pk", flat=True))
    place = {pk: n for n, pk in enumerate(ids)}
    known = outcomes.decided(
        kind="won", at=timezone.now(), mature_days=None if one.source == "maven" else 0, lead_ids=ids
    )
    return sorted(known, key=lambda outcome: place[outcome.lead_id])


def _later(one: Set, known: "Sequence[Decided]") -> "Learned":
    """Learn from the oldest 70 %, judge the others."""
    from scoring import learning

    early = len(known) * 7 // 10
    learned = learning.learn_from(known[:early], model_key="learned", among=one.among)
    if learned.data is not None:
        _say(one.name, "later 30 %", _quality(_judged(learned.data, known[early:])))
    else:
        print(f"{one.name:<20} {'later 30 %':<16} nothing learned", flush=True)
    return learned


def _judged(data: dict[str, Any], known: "Sequence[Decided]") -> "Backtest":
    from django.utils import timezone

    from scoring import backtest, model_file

    version = model_file.load(data=data)
    return backtest.of_outcomes(version=version, known=known, outcome="won", at=timezone.now())


def _quality(found: "Backtest") -> Quality:
    if found.figures is None:
        sys.exit(found.verdict)
    area, top = found.figures.auc["total"], found.figures.deciles[0].lift
    return Quality(area.value if area else 0.5, top.value if top else 0.0)


def _cross_validated(one: Set, known: "Sequence[Decided]") -> Quality:
    """The mean over ``FOLDS`` parts, each judged by a model learned from the others."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    from scoring import learning

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    found = []
    for training, testing in folds.split(np.zeros(len(known)), [outcome.good for outcome in known]):
        learned = learning.learn_from([known[n] for n in training], model_key="learned", among=one.among)
        if learned.data is not None:
            found.append(_quality(_judged(learned.data, [known[n] for n in testing])))
    if not found:
        return Quality(0.5, 1.0)
    return Quality(
        sum(part.auc for part in found) / len(found), sum(part.lift for part in found) / len(found)
    )


def _say(name: str, part: str, found: Quality) -> None:
    auc, lift = PUBLISHED.get((name, part), (None, None))
    published = f"AUC {auc:.3f}" if auc else ""
    published += f"  lift {lift:.2f}" if lift else ""
    print(f"{name:<20} {part:<16} {found!s:<24} {published}".rstrip(), flush=True)


def _write(one: Set, known: "Sequence[Decided]") -> None:
    from scoring import learning

    data = learning.learn_from(known, model_key=one.name, among=one.among).data
    MODELS.mkdir(exist_ok=True)
    (MODELS / f"{one.name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def _through_the_product(one: Set, known: "Sequence[Decided]") -> None:
    """Publish the committed file, score everybody, and look at the crossings."""
    from django.utils import timezone

    from scoring import backtest, model_file
    from scoring.models import Crossing
    from scoring.publishing import publish
    from scoring.rescoring import rescore_everybody

    data = json.loads((MODELS / f"{one.name}.json").read_text(encoding="utf-8"))
    version = publish(
        version=model_file.load(data=data), by=None, reason="Figures on sample data", at=timezone.now()
    )
    rescore_everybody(model=version.model, at=timezone.now())
    found = backtest.of_outcomes(version=version, known=known, outcome="won", at=timezone.now())
    ids = [outcome.lead_id for outcome in known]
    crossings = Crossing.objects.filter(model=version.model, lead__in=ids).count()
    print(
        f"{one.name}.json, {version.rules.count()} rules, published: {len(ids)} leads scored,"
        f" {crossings} crossed (held for a person); {_quality(found)} on the leads it was fitted to",
        flush=True,
    )


if __name__ == "__main__":
    main()
