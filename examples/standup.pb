---
model: script:standup_model.py
---
# Lead
Holds the morning's standup and wants to know whether the team can ship.

## Main
### Triggers
- When the program starts
### Steps
- Hold the Standup about the release
- Tell the user what was decided
- End the program

## Standup($topic)
meeting: true
required_attendees: [Builder, Tester]
### Steps
- Greet all and ask the Builder what is done
- Ask the Tester how that holds
- If the Tester found something
  - Ask the Builder to mend it first, and hear when that will be
- Say what the plan is and return it

# Builder
startup_mode: standby
```python
done = "the login page"
hours = 3  # to mend one thing
```
## Standup
meeting: true
### Steps
- Until the meeting has ended
  - Wait for what is said there
  - When the Lead asks the Builder something, answer it from $done and $hours

# Tester
startup_mode: standby
```python
bugs = {"the login page": ["it forgets the password", "it has no way back"], "the search": []}

@playbook
async def find_bugs(part: str) -> list[str]:
    """What is known to be wrong with a part."""
    return bugs.get(part, ["nobody has tried it"])
```
## Standup
meeting: true
### Steps
- Until the meeting has ended
  - Wait for what is said there
  - When the Lead asks the Tester how something holds, tell what find_bugs says of it
