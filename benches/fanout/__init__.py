"""What one delivered room event costs: our hub beside a stock Channels group."""
