"""How much load this machine carries: the search for the knee, and what it found before."""
