# A

## Begin
### Triggers
- When the program starts
- At the beginning
- On startup
- at the start of the day's program

## Events
### Trigger
- When the user gives a PIN
- If someone seems frustrated
- When another agent asks about rates
- When a new email is received
- After calling LoadAccount
- When a message from the Buyer comes

## Conditions
### Triggers
* When $attempts > 3
* After 5 minutes
  and then some
* Before ending the program
* When you need a square root
