"""What a program chooses for the safety of a socket: policies, given as the option ``security``."""
