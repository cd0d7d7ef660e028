"""Planted bugs, each of which the simulation has to find: a patch each, with a line that tells of it.

``python -m tests.simulation.mutants`` applies each to a copy of the tree and plays seeds until one fails.
"""
