"""``python -m bench.figures``: how well scores tell who will buy, on data with a recorded outcome.

Imports the sample data (folder ``SAMPLE_DATA``) into a database of its own, fits a score card to one part,
lets the product score the other, and compares with what became of the leads. Then loads and publishes the
committed model files of ``bench/models`` and counts the crossings. ``--write`` fits those files anew, to all
the leads.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.fitting import Candidate
    from leads.models import Lead

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


#: Published baselines on the same leads, an integer score card of 15 rules: AUC, top-decile lift or None.
PUBLISHED = {
    ("olist", "cross-validated"): (0.661, None),
    ("olist", "later 30 %"): (0.682, 2.00),
    ("x-education", "cross-validated"): (0.892, 2.46),
    ("x-education-strict", "cross-validated"): (0.808, 2.26),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.figures", description=__doc__)
    parser.add_argument("--write", action="store_true", help="fit the committed model files anew")
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
    """Import, fit, score, compare, print."""
    from bench import candidates
    from leads.models import Lead

    _import(data / "olist-funnel/olist_marketing_qualified_leads_dataset.csv", "olist-leads")
    _import(data / "olist-funnel/olist_closed_deals_dataset.csv", "olist-deals")
    _import(data / "x-education/leads.csv", "x-education-leads")
    _import(data / "x-education/leads.csv", "x-education-outcomes")

    # Leads of 2017 are under-counted: no win is recorded before December of that year.
    since = datetime(2018, 1, 1, tzinfo=UTC)
    olist = list(_of("olist").filter(created_at__gte=since).order_by("created_at", "pk"))
    education: list[Lead] = list(_of("x-education").order_by("pk"))

    print(f"\n{'set':<20} {'part':<16} {'ours':<24} published score card")
    early = len(olist) * 7 // 10
    _say("olist", "later 30 %", _held_out(olist[:early], olist[early:], candidates.olist))
    _say("olist", "cross-validated", _cross_validated(olist, candidates.olist))
    _say("x-education", "cross-validated", _cross_validated(education, candidates.x_education))
    _say("x-education-strict", "cross-validated", _cross_validated(education, candidates.x_education_strict))
    print()
    for name, leads, offered in [
        ("olist", olist, candidates.olist),
        ("x-education", education, candidates.x_education),
        ("x-education-strict", education, candidates.x_education_strict),
    ]:
        if write:
            _write(name, leads, offered)
        _through_the_product(name, leads)


def _import(path: Path, mapping: str) -> None:
    from django.core.management import call_command

    call_command("import_leads", str(path), "--mapping", str(ROOT / "capture/mappings" / f"{mapping}.json"))


def _of(source: str) -> Any:
    from leads.models import Lead

    return Lead.objects.filter(external_ids__source=source)


Offered = Callable[[Sequence["Lead"]], "list[Candidate]"]


def _outcome(leads: "Sequence[Lead]") -> "NDArray[np.int_]":
    import numpy as np

    return np.array([int(lead.stage == "customer") for lead in leads])


def _held_out(training: "Sequence[Lead]", testing: "Sequence[Lead]", offered: Offered) -> Quality:
    """Fit to one part, let the product score the other."""
    from django.utils import timezone

    from bench import fitting

    at = timezone.now()
    chosen = offered(training)
    seen = fitting.matrix(chosen, [lead.pk for lead in training], at)
    data = fitting.card(chosen, seen, _outcome(training), model="candidates")
    return quality(fitting.score(data, [lead.pk for lead in testing], at), _outcome(testing))


def _cross_validated(leads: "Sequence[Lead]", offered: Offered) -> Quality:
    """The mean over ``FOLDS`` parts, each scored by a card fitted to the others."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    found = [
        _held_out([leads[n] for n in training], [leads[n] for n in testing], offered)
        for training, testing in folds.split(np.zeros(len(leads)), _outcome(leads))
    ]
    return Quality(sum(one.auc for one in found) / len(found), sum(one.lift for one in found) / len(found))


def quality(points: "NDArray[np.float64]", outcome: "NDArray[np.int_]") -> Quality:
    """Leads of equal points share their places in the best tenth."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    places = len(points) / 10
    bought = 0.0
    for value in sorted(set(points.tolist()), reverse=True):
        same = points == value
        taken = min(places, int(same.sum()))
        bought += taken * float(outcome[same].mean())
        places -= taken
        if places <= 0:
            break
    lift = bought / (len(points) / 10) / float(np.mean(outcome))
    return Quality(float(roc_auc_score(outcome, points)), lift)


def _say(name: str, part: str, found: Quality) -> None:
    auc, lift = PUBLISHED[name, part]
    published = f"AUC {auc:.3f}" + (f"  lift {lift:.2f}" if lift else "")
    print(f"{name:<20} {part:<16} {found!s:<24} {published}", flush=True)


def _write(name: str, leads: "Sequence[Lead]", offered: Offered) -> None:
    from django.utils import timezone

    from bench import fitting

    chosen = offered(leads)
    seen = fitting.matrix(chosen, [lead.pk for lead in leads], timezone.now())
    data = fitting.card(chosen, seen, _outcome(leads), model=name)
    MODELS.mkdir(exist_ok=True)
    (MODELS / f"{name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def _through_the_product(name: str, leads: "Sequence[Lead]") -> None:
    """Publish the committed file, score everybody, read the score table."""
    import numpy as np
    from django.utils import timezone

    from scoring import model_file
    from scoring.models import Crossing, Score
    from scoring.publishing import publish
    from scoring.rescoring import rescore_everybody

    version = model_file.load(data=json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8")))
    publish(version=version, by=None, reason="Figures on sample data", at=timezone.now())
    rescore_everybody(model=version.model, at=timezone.now())
    totals = dict(Score.objects.filter(model=version.model).values_list("lead_id", "total"))
    found = quality(np.array([totals[lead.pk] for lead in leads], dtype=float), _outcome(leads))
    crossings = Crossing.objects.filter(model=version.model, lead__in=[lead.pk for lead in leads]).count()
    print(
        f"{name}.json, {version.rules.count()} rules, published: {len(leads)} leads scored,"
        f" {crossings} crossed (held for a person); {found} on the leads it was fitted to",
        flush=True,
    )


if __name__ == "__main__":
    main()
