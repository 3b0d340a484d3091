"""`make bench`: every benchmark, one after the other."""

from tests.bench import turn

turn.main()
