"""Who is told: routes from an incident's change to channels, the words for each, and a delivery that is proven or taken over.

It decides in pure functions (route, plan, wording) and acts in thin ones (deliver, channels). What it must remember it asks of an `Outbox`,
which the store is. An alert never travels over what it reports.
"""
