# Travel Agent
You sell journeys.
You never hurry.

You know

- trains,
- boats.

# price_clerk:AI
startup_mode: standby

# Tic-tac-toe host's aide
startup_mode: default
hidden: true
framework: GAAP
tags: [play, "noughts, crosses"]

You watch the board.

# Weather tools:MCP
url: http://127.0.0.1:8000/mcp

# Shell tools
Run on this machine only.

remote:
  type: mcp
  transport: streamable-http
  url: http://127.0.0.1:8001/mcp

# Ann:Human
Ann likes short messages.
metadata:
  delivery_channel: buffered

---

# Silent
