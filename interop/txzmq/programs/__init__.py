"""Programs as users of txZMQ have them. Each runs on both libraries: nothing but the import differs."""
