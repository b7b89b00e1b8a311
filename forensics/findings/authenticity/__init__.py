"""What the clocks and traces of a message say about each other: one rule a module, each over SQL, a batch at a time."""
