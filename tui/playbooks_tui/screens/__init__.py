"""Whole screens: what stands where, and which key does what."""
