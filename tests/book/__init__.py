"""The pages in docs/: what they are made of, and where they lead."""
