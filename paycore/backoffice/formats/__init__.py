"""How dates and times read in the back office."""
