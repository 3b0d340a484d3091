"""`make bench`: every benchmark, one after the other."""

from tests.bench import engine, growth, retrieval, turn, widget

for benchmark in (engine, retrieval, growth, turn, widget):
    benchmark.main()
