"""`probe track`: reading servers' logs into the lake, and looking into it."""
