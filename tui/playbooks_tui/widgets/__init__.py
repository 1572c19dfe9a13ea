"""What is drawn: widgets that take attributes down and post messages up, and never touch the engine."""
