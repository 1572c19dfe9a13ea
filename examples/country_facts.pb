---
model: script:country_facts_model.py
---
# Geographer
Knows one odd thing about each country.
```python
countries = ["France", "Japan", "Kenya", "Peru", "Iceland"]

@playbook
async def CollectFacts(countries: list[str]) -> dict[str, str]:
    """One fact for each country, asked for one after the other."""
    facts = {}
    for country in countries:
        facts[country] = await CountryFact(country)
    return facts
```

## Main
### Triggers
- When the program starts
### Steps
- Tell the user which $countries come
- Set $facts to CollectFacts of the $countries
- Tell the user each of the $facts, numbered, and which of them is the shortest
- End the program

## CountryFact($country)
### Steps
- Return one fact about the $country that few people know, in one sentence
