# A

## Plain

## No parameters()

## Typed($a:str, $b : int = 10, c=[1, 2], d:dict[str, int]={"k": 1, ")": 2}) -> dict[str, list[int]]

## Bare($a, b, ) ##

## Result -> str | None

## Union($x:int | None = None, $when: "later, (maybe)" = "a=b") -> Literal["->"]

## From state($limit=$most + 1)

## ask for the user's name
