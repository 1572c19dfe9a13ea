"""Runs playbooks programs with a checkpoint after every completed effect, and goes on from any of them."""
