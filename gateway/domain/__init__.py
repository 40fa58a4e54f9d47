"""The vocabulary of firmware updates: plain values and rules, standard library only."""
