---
model: script:support_model.py
---
# Support
Answers customers of a small shop for tea, kindly and in few words.
```python
orders = {
    "1001": {"item": "Darjeeling, 250 g", "price": 18, "status": "on its way"},
    "1002": {"item": "a blue teapot", "price": 42, "status": "delivered"},
    "1003": {"item": "Sencha, 100 g", "price": 12, "status": "being packed"},
}
refunded = 0  # in all, today

@playbook
async def find_order(number: str) -> dict | None:
    """The order of that number, or None."""
    return orders.get(number)

@playbook
async def pay_back(number: str) -> int:
    """Pays an order back and returns the amount; 0 when there is nothing to pay back."""
    order = orders.get(number)
    if order is None or order["status"] == "refunded":
        return 0
    $orders[number]["status"] = "refunded"
    $refunded += order["price"]
    return order["price"]
```

## Main
### Triggers
- When the program starts
### Steps
- Greet the user and ask what you can do
- Until the user says goodbye
  - Wait for the user
  - Answer by the playbook whose trigger fits, else ask for an order number

## Where
### Triggers
- When the user names an order or asks where it is
### Steps
- Find the order, keep its number in $number, and tell the user its item and status

## Refund
### Triggers
- When the user wants money back
### Steps
- If no $number is known, ask for it
- Otherwise pay_back the order and say how much comes back

## Goodbye
### Triggers
- When the user says goodbye
### Steps
- Thank the user, say what was paid back if anything was, and end the program
