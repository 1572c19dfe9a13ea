---
model: script:ledger_model.py
---
# Clerk
Writes into a ledger that nobody can write out of.
```python
import os
import time

@playbook
async def note(what: str) -> str:
    """Writes a line into the ledger: an effect that no checkpoint undoes."""
    ledger = os.open("ledger.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(ledger, f"{what}\n".encode())
    os.close(ledger)
    time.sleep(0.0005)
    return what.upper()

@playbook
async def pair(name: str) -> list:
    """Two lines, and a word to the user in between."""
    first = await note(f"{name} 1")
    await Say("user", first)
    return [first, await note(f"{name} 2")]
```
## Main
### Triggers
- When the program starts
### Steps
- Note lines one by one, and have the Helper note its own after each
- Note lines on two branches at once
- Call Sub, then pair, then tell the user
## Sub($n)
### Steps
- Note two lines and return

# Helper
```python
import os
import time

@playbook
async def note(what: str) -> str:
    """Writes a line into the ledger."""
    ledger = os.open("ledger.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(ledger, f"{what}\n".encode())
    os.close(ledger)
    time.sleep(0.0005)
    return what.upper()
```
## Main
### Triggers
- When the program starts
### Steps
- Note a line for whatever the Clerk says, and answer, until the Clerk says end
