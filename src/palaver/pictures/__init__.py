"""Pictures from strangers, looked at in a process of their own: what a decoder does there harms nobody."""
