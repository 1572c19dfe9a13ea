"""`python -m playbooks` is the command `playbooks`."""

from playbooks.cli import main

main()
