"""French as people say it: pure functions that find values in a citizen's sentence.

`dates` finds moments, `contacts` phones, e-mail addresses and number plates, `places` communes and places, `people` names; `masking` hides
what says who somebody is. No function keeps, logs or sends what it reads. `docs/spoken.md` says what is understood and what is not.
"""
