#!/usr/bin/env python3
"""A second opinion on the scorecard: makes up a community's year and works out every figure anew, by other formulas than
the gateway's (fractions, mean differences, a shuffle of its own). Prints what `scorecard-v1.txt` holds.

    python3 tests/golden/scorecard.py > tests/golden/scorecard-v1.txt
"""

import random
import statistics
from collections import defaultdict
from fractions import Fraction

MONTH = 2_548_800
NOW = 704 * MONTH + 1_000_000
# member -> household; "pot" belongs to none
HOUSEHOLDS = {"ann": "h0", "bob": "h1", "cem": "h2", "dee": "h3", "eva": "h4", "fay": "h5", "gus": "h5", "pot": None}
UNITS = ["hour", "kg-rice"]
dice = random.Random(19740521)


def make_up():
    """(created, from, to, unit, amount): `to` is paid, so `to` has given."""
    pays = []
    people = [one for one in HOUSEHOLDS if one != "pot"]
    for age in range(7, -1, -1):
        for unit in range(2):
            for _ in range(dice.randint(9, 16)):
                created = NOW - NOW % MONTH - age * MONTH + dice.randrange(900_000)
                if unit == 1 or age > 1:
                    payee = dice.choice(people)
                elif age == 1:
                    payee = "eva"  # One carries nearly all of the last month.
                else:
                    payee = dice.choice(["ann", "bob", "cem", "dee", "eva", "fay", "gus", "pot"])
                if payee == "bob" and age < 4 and unit == 1:
                    payee = "ann"  # Bob stops giving rice.
                payer = dice.choice([one for one in people if one != payee])
                pays.append((created, payer, payee, unit, dice.choice([15, 30, 45, 60, 60, 90, 120, 500])))
    pays.append((NOW - 7_000, "fay", "ann", 0, 4_000))  # Far from the others' balances.
    pays.append((NOW + 90 * MONTH, "cem", "bob", 0, 33))  # A phone from the future: counted now.
    pays.append((5 * MONTH, "dee", "cem", 1, 77))  # Long ago: only balances know.
    return pays


def chance(gifts, houses):
    """How often chance alone is as uneven, by shuffling for oneself."""
    def gini(sums):
        return sum(abs(a - b) for a in sums for b in sums)

    def total(pairs):
        sums = defaultdict(int)
        for giver, amount in pairs:
            sums[giver] += amount
        return [sums[house] for house in houses]

    seen = gini(total((giver, amount) for giver, _, amount in gifts))
    own, hits, draws = random.Random(7), 1, 20_000
    others = {house: [other for other in houses if other != house] for house in houses}
    for _ in range(draws):
        hits += gini(total((own.choice(others[taker]), amount) for _, taker, amount in gifts)) >= seen
    return 1000 * hits / (draws + 1)


def main():
    pays = make_up()
    for pay in pays:
        print("pay", *pay)
    houses = sorted({house for house in HOUSEHOLDS.values() if house})
    month = lambda created: min(created, NOW) // MONTH
    for age in range(8):
        number = NOW // MONTH - age
        reached = set()
        for unit in range(2):
            here = [pay for pay in pays if month(pay[0]) == number and pay[3] == unit]
            balance = defaultdict(int)
            for created, payer, payee, of, amount in pays:
                if of == unit and month(created) <= number:
                    balance[payer] -= amount
                    balance[payee] += amount
            circulation = sum(pay[4] for pay in here)
            velocity = Fraction(circulation, 1) / Fraction(sum(abs(b) for b in balance.values()), 2)
            given, received, gifts = defaultdict(int), defaultdict(int), []
            for _, payer, payee, _, amount in here:
                giver, taker = HOUSEHOLDS[payee], HOUSEHOLDS[payer]
                reached |= {giver, taker} - {None}
                if giver and taker and giver != taker:
                    given[giver] += amount
                    received[taker] += amount
                    gifts.append((giver, taker, amount))
            gave = [given[house] for house in houses]
            took = [received[house] for house in houses]
            mean = Fraction(sum(gave), len(gave))
            gini = Fraction(sum(abs(a - b) for a in gave for b in gave), 1) / (2 * len(gave) ** 2 * mean)
            hhi = sum(Fraction(g, sum(gave)) ** 2 for g in gave)
            print(
                "unit", age, unit, len(here), circulation, int(velocity * 1000),
                sum(gave), int(statistics.median(gave)), sum(g > 0 for g in gave),
                sum(took), int(statistics.median(took)), sum(t > 0 for t in took),
                int(gini * 1000), int(1 / hhi < Fraction(len(houses), 4)),
                f"{chance(gifts, houses):.1f}" if age < 2 else "-",
            )
        print("reliance", age, len(reached) * 100 // len(houses))
    for unit in range(2):
        balance, given = defaultdict(int), defaultdict(lambda: [0] * 13)
        for created, payer, payee, of, amount in pays:
            if of != unit:
                continue
            balance[payer] -= amount
            balance[payee] += amount
            houses_of = HOUSEHOLDS[payer], HOUSEHOLDS[payee]
            age = NOW // MONTH - month(created)
            if None not in houses_of and houses_of[0] != houses_of[1] and age < 13:
                given[payee][12 - age] += amount
        people = [one for one in HOUSEHOLDS if one != "pot"]
        middle = statistics.median(balance[one] for one in people)
        mad = statistics.median(abs(balance[one] - middle) for one in people)
        for one in people:
            if abs(balance[one] - middle) > 3 * 1.48 * mad:
                print("signal", one, unit, "balance_far")
            past = given[one][:12]
            while past and past[0] == 0:
                past.pop(0)
            if len(past) >= 4:
                average, averages = float(past[0]), []
                for sum_ in past:
                    average += (sum_ - average) / 3
                    averages.append(average)
                if averages[-1] < averages[-3] / 2:
                    print("signal", one, unit, "given_halved")


main()
