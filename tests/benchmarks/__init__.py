"""Benchmarks: timings that the documentation quotes, made again with one command."""
