"""GoodTime, played by a program: a scheduler as a client over the network, and the demo account that it works on."""
