<!--
# No agent
-->
# A
Here <!-- not here --> and here.
<!-- a whole line -->
Then <!-- from here
to here --> again.

~~~markdown
# No heading
<!-- kept -->
```python
no = "block"
~~~

## Write
<output_format>
# Report
## Part
### Steps
- no step
<!-- kept -->
```
</output_format>
<br>

### Steps
- Write <!-- briefly --> it
  - Then <!-- slowly --> read it <!-- twice,
    at least --> aloud
  <example>
  - no step
  </example>

***

## Indented code

    # four spaces make no heading
