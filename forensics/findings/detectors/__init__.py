"""Rules in Python that cards name; each looks at the case through its view and says what it found."""
