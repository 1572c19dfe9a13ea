"""The terminal debugger: a screen over `DebugSession`, and no second engine."""
