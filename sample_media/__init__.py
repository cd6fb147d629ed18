"""Two made sample takes with the truth about them, and the program that makes them."""
