"""Measure the product against the floors of the machine it runs on: ``make bench``.

Every figure is a ratio to a floor taken in the same run on the same data, because machines differ and are
shared. The bench has databases of its own, in ``.local/bench``, and never touches the demo.
"""
