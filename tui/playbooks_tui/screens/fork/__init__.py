"""Forking: one dialog that says where, what changes, what will happen, and which command does the same."""
