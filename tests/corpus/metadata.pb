# Cook
priority: high
specialization:
  - soups
  - "stews, roasts"
remember: this line ends like a sentence.
You cook.

## Taste($dish)
public
cli_entry: true   # called from the shell
category: food

Taste it.
key: value here is text
hidden: true
meeting: at noon is text too

## Plate
metadata:
  export: true
  author: Ann
---
public: true
is text after the closed block.

## Recall
metadata:
---
mood: this first line is text.

## Dine
meeting: true
required_attendees: [Waiter, head  waiter, human]

## Lunch
meeting: true
required_attendees:
  - Waiter

# Waiter

# Head waiter
