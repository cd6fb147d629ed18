"""Media to numbers: every measurement of an answer, as plain data."""
