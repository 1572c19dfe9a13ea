---
model: script:haggle_model.py
---
# Seller
Sells a pen for what can be had.
```python
price = 100  # what we ask now
floor = 70   # at this or less there is nothing in it for us
offers = []  # what we were offered
@playbook
async def Counter(offer: int) -> int:
    """What to ask after an offer: gives in by an eighth of the gap."""
    return max(floor, price - (price - offer) // 8)
```
## Main
### Triggers
- When the program starts
### Steps
- Create a Buyer and a Boss
- Haggle over the pen
- Tell the user how it ended
- End the program
## Haggle($item)
### Steps
- Offer the $item to the Buyer at $price, say what is good about it, and wait for the answer
- Add the number to $offers, set $price to Counter of it, say the new price and wait
- If the answer is not above $floor
  - Say no, wait for a last word and return "no deal"
- Ask the Boss whether the Buyer's last offer will do and wait for the advice
- Offer the $item at the price the Boss allows, wait, and return "sold at" it or "no deal"

# Buyer
startup_mode: standby
Wants the pen, and has 80 in the purse.
## Main
### Triggers
- When the program starts
### Steps
- Wait for the Seller, offer about 60 % of the price and say that it costs less next door
- Wait for the new price, name the middle between it and our offer, and call that final
- Wait for the last price, take it if the purse allows, and return

# Boss
startup_mode: standby
```python
least = 70  # what the pen cost us
@playbook
async def check_margin(offer: int) -> int:
    """What an offer leaves over what the pen cost."""
    return offer - least
```
## Main
### Triggers
- When the program starts
### Steps
- Wait for the offer the Seller asks about and Advise on it
## Advise($offer)
### Steps
- Set $margin to check_margin of the $offer
- Tell the Seller to take it if $margin is 10 or more, else the lowest price that leaves 10
