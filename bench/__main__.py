"""``python -m bench [--leads 100000] [--rounds 3] [--only P-1 …]`` prints a table and writes no file here."""

import argparse
import os
import sys
from pathlib import Path

#: What is measured, in the order of running; each gives its lines of the table.
PARTS = (
    *("P-1", "rules", "P-2", "P-3", "P-4", "P-5", "P-9", "P-6", "P-10", "S16", "P-7", "P-7-arrivals"),
    *("P-8", "P-10-large"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument(
        "--rounds", type=int, default=3, help="Repetitions of each timing; the median counts."
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="P-n")
    parser.add_argument("--keep", action="store_true", help="Measure on the data of the last run.")
    options = parser.parse_args()
    folder = Path(os.environ.get("BENCH_DIR") or Path(__file__).resolve().parent.parent / ".local" / "bench")
    # Never anybody's real database or mail server, whatever the environment says.
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_HOST", "EMAIL_BACKEND"):
        os.environ.pop(name, None)
    os.environ |= {"LOCAL_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "crm.settings", "LOG_LEVEL": "WARNING"}
    import django

    django.setup()
    from bench import run

    sys.exit(run.everything(leads=options.leads, rounds=options.rounds, only=options.only, keep=options.keep))


if __name__ == "__main__":
    main()
