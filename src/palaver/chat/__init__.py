"""What is said in writing in a meeting: kept, ordered, and shown to those who may read it."""
