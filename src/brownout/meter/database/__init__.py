"""SQL, transactions, and what a database itself did for a request."""
