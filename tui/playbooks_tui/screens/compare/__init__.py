"""Comparing two checkpoints or branches: side by side from where they part."""
