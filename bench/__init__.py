"""Benchmarks against stock Rasa."""
