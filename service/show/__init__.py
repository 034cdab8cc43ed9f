"""What a terminal shows: tables, JSON, Nagios lines, bars, and the words around them. Asks nobody."""
