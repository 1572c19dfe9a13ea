# A

## WithSteps
### Steps
- Go

## WithoutSteps
Find out what the user wants:

- ask,
- listen.

#### How
Gently.

### Notes
Be kind.

- Be brief.

## Raw
execution_mode: raw

category: the first line of a prompt
Answer in one word.

## React
execution_mode: react
### Steps
- Go

## Played
execution_mode: playbook
