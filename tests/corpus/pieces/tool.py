#!/usr/bin/env python3
@playbook
async def Tool(x: int) -> int:
    return x
