"""The sockets: one class for each type, made of a base, a sending half and a receiving half."""
