"""Benchmarks: the same EM iterations, from the same start, by gaussmix and by its peers."""
