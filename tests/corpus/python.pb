# Shop
```python
prices = {"pen": 10}

@playbook
async def Price(item: str) -> float:
    """What an item costs.

    Args:
        item: Its name.
    """
    $asked += 1
    return prices[item] * len(f"{$asked:>{$width}} $none")
```

## First
Before the second block.

  ```python
  @playbook(triggers=["When the user asks for a price", "T7:CND When $x > 1"], public=True, description="Tell the price.")
  def tell_price(item, /, count: int = 1, *rest, unit="€", **options):
      "Not this one."
      return """
  at column 0
  """

  @playbook(metadata={"author": "Ann", "hidden": True}, category="tools")
  async def _kept(): ...

  def plain_helper(): return "```"
  ```

After it.

## Second

```python
limit = 3
```

```python

```
