"""Programs that use pyzmtp, with their tests, as its users would write them."""
