"""What a log does not tell, and how to make its server tell it: facts over a sample of its lines; no lake, nothing is kept."""
