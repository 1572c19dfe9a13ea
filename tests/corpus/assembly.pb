<!--
==============
Compiled
==============
-->


# Host
metadata:
  framework: GAAP
  remote_tools:
    url: http://x/y
---
You host.

```python
@playbook(triggers=["T1:CND When you need a root"], public=True)
async def Root(num: float) -> float:
    return num**0.5
```

## Main($topic:str="games") -> None
metadata:
  cli_entry: true
---
Welcome them.

### Triggers
- T1:BGN At the beginning
- T3:CND When the user gives a PIN

### Steps
- 01:QUE Say(user, Ask for $game:str); YLD for user; done when it is clear
- 02:YLD for call
- 05:CND While the game is on
  - 05.01:TNK Think
  - 05.02:CND If over
    - 05.02.01:RET
  - 05.03:JMP 05
- 06:CHK Apply the note
- 07:YLD for exit

## Flat()
### Triggers
T1:EVT When a call comes
### Steps
01:CND If so
01.01:EXE $x:int = 3
01.01.01:EXE deeper
  in two lines
02:RET 05.01

```public.json
[
  {"name": "Root", "description": "A square root"},
  {"name": "Flat", "triggers": ["T1:EVT When a call comes"]}
]

```

<!-- ============================================ -->
