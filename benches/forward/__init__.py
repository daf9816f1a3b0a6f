"""What it costs to forward a packet: the decision alone, and the whole server beside the reference."""
