"""What the devices give, into a session folder; here also sessions, takes and questions."""
