# A

## Codes
### Steps
- Greet the user
- $x = 10
- Ask the user for $name:str
- Greet the user and ask how they are
- Is everything well?
- Haggle($price, "low")
- $y:float = Shop.Price(item=$x)
- await Shop.Close()
- **If** $x > 3
- Else if $x > 2
- Otherwise
- While the meeting is active
- For each $item in $basket
- For $i in range(3)
- For best results, stay calm
- When asked about dishes
- Once they agree
- Repeat until done
- Check that the price is right
- Validate $email
- Make sure nobody is left out
- Think deeply about the offer
- Wait for the Buyer
- Yield
- End program
- Go to step 02
- Repeat from the beginning
- Continue with step 03
- Return $y
- Return
- Returning customers get a discount

## Nesting
### Steps
1. While it lasts
   1. Talk
   2) If tired
      * Rest

        for a while
      * Then
          go on
    + between two levels
2. Stop

## Long ones
### Steps
- Print this:
  ```
  - no step
  # no heading
  ```
  and this
- And this, at the margin:
```json
{"a": 1}
```

---

- The rule above is none

## Many
### Steps
- 1
- 2
- 3
- 4
- 5
- 6
- 7
- 8
- 9
- 10
