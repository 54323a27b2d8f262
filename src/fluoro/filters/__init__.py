"""Filter expressions: text to tree, and its meaning on a whole trace. Pure."""
