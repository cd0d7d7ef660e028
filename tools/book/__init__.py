"""What makes one book of the pages in docs/: pictures, names, and what a build is held to."""
