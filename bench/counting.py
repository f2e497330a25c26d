"""``python -m bench.counting`` counts what is due over and over, as the workers of the product do."""

import time

import django

#: Between two looks, in seconds; beat looks less often.
PAUSE = 1.0


def main() -> None:
    django.setup()
    from reports.tasks import count_anew

    while True:
        count_anew()
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
