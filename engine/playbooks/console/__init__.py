"""A run as a readable conversation in a terminal or a pipe: the front end of `playbooks run` and `playbooks fork`.

Apart from the command line so that two commands share it, and from the session so that the session prints nothing.
"""
