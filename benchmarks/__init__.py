"""Benchmarks: `make bench` runs them all, `python -m benchmarks NAME` one. Instances are data."""
