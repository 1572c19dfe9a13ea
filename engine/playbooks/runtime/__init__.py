"""A program running: agents, their calls, what they await of the outside, and a checkpoint for each that completes.

Apart from the session because nothing here opens, finds or chooses checkpoints: it goes on from the state it is given.
"""
