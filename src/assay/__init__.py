"""Assay: an open, self-hosted, git-native home for community evals."""

__version__ = "0.1.0"
