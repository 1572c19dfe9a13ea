# Main agent
!import pieces/about.txt

```python
!import pieces/tool.py

class Shelf:
    !import "pieces/method.py"
```

## Main
### Steps
- Begin
!import pieces/steps.md
- If there is more
  !import ./pieces/steps.md
- End program

### Notes
<examples>
!import pieces/example.md
</examples>

!import pieces/agent.pb
