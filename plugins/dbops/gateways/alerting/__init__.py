"""Ways out: the mail server, an alert as an e-mail, and the heartbeat."""
