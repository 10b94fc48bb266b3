"""Benchmarks that anyone can run: each module prints one table. docs/benchmarks.md says what they measure and how."""
