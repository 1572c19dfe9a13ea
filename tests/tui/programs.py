"""Programs of two agents that play on a script, for the tests of the screen."""

SHOP = """---
model: script:model.py
---
# Shop
Sells.
```python
price = 100
```
## Main
### Triggers
- When the program starts
### Steps
- Sell

# Guest
startup_mode: standby
Buys.
## Main
### Triggers
- When the program starts
### Steps
- Buy
"""
SELLS = """
SHOP = '''await Step("Main:01")
guest = await CreateAgent("Guest")
await Say("agent 1001", "A pen for 100?")
answer = await Yld("agent 1001")
$price = 80
await Say("user", "Sold at 80.")
await EndProgram()
'''
GUEST = '''print("the guest thinks")
offer = await Yld("agent 1000")
await Say("agent 1000", "80.")
await Return("bought")
'''
def respond(request):
    return {"Shop": SHOP, "Guest": GUEST}[request.agent]
"""
ASKS = """
def respond(request):
    return '''await Say("user", "How much?")
answer = await Yld("user")
await Say("user", "So " + answer)
await EndProgram()
'''
"""
SLEEPS = """
def respond(request):
    return '''for word in ["one", "two", "three", "four"]:
    await Say("user", word)
await asyncio.sleep(3600)
'''
"""
MANY = """
def respond(request):
    return '''for number in range(80):
    await Say("user", f"number {number}")
await EndProgram()
'''
"""
ENDLESS = """
def respond(request):
    return '''await Say("user", "again")
await asyncio.sleep(0.1)
'''
"""
HAGGLES = '''
SHOP = """await CreateAgent("Guest")
await Say("agent 1001", "A pen for 100?")
answer = await Yld("agent 1001")
$price = int(answer)
await Say("user", f"Sold at {$price}.")
await EndProgram()
"""
GUEST = """offer = await Yld("agent 1000")
await Say("agent 1000", "80")
await Return("bought")
"""
def respond(request):
    return {"Shop": SHOP, "Guest": GUEST}[request.agent]
'''
"""Ends otherwise when something is changed."""
ASKS_TWO = """
def respond(request):
    return '''async def ask(question):
    await Say("user", question)
    return await Yld("user")

name, food = await asyncio.gather(ask("What is your name?"), ask("What do you eat?"))
await Say("user", f"{name} eats {food}.")
await EndProgram()
'''
"""
"""Two branches that wait for the person at once."""
