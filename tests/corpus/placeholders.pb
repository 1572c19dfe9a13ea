# A

## Report($order)
Order {$order["id"]} of {customer.name} on {date.today().strftime("%Y-%m-%d")}.
It costs ${$amount}, {"dear" if $amount > 9 else "cheap"}.
Items: {", ".join(f"{item['name']}: {$prices[item['name']]}" for item in $items)}
Braces: {{not this}}, {}, and {Describe("a } b")}.
Over lines: {max(
    $a,
    $b,
)}

```json
{"category": "…", "of": {$order}}
```
### Steps
- Use {anything here
