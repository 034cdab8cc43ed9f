"""The six lines of which nearly all logs consist, in their ordinary form, by the cheapest expressions.

Whatever is the least odd (a quote, a further field) is left to the rules: this is speed alone, and every line means the same by its
rule (a test compares).

RE2 is fast with at most four groups and no choice that needs looking ahead; it is five times slower with more. So the delivery line is
cut by position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.formats import postfix_entrance, postfix_exit

if TYPE_CHECKING:
    from tracking.formats.postfix_rule import Rule


@dataclass(frozen=True, slots=True)
class Quick:
    """How the groups of a rule are had without its pattern: `rows` selects them from the lines of its kind (`{lines}`)."""

    rule: Rule
    rows: str
    empty: tuple[str, ...] = ()  # groups of the rule that are empty in the ordinary form


_CLIENT = """
select *, substr(text, 8, bracket_at - 8) as host, substr(text, bracket_at + 1, length(text) - bracket_at - 1) as ip
from (select *, strpos(text, '[') as bracket_at from {lines})
where bracket_at > 0 and ends_with(text, ']') and not contains(text, ',') and not contains(text, ' ')
"""
_DISCONNECT = """
select *, substr(text, 17, bracket_at - 17) as host, substr(text, bracket_at + 1, end_at - bracket_at - 1) as ip,
       substr(text, end_at + 2) as said
from (select *, strpos(text, '[') as bracket_at, strpos(text, ']') as end_at from {lines})
where bracket_at > 0 and end_at > bracket_at and substr(text, end_at + 1, 1) in (' ', '')
"""
_MESSAGE_ID = "select *, 'message-id' as name, substr(text, 12) as value from {lines} where starts_with(text, 'message-id=')"
_ACTIVE = r"""
select *, groups.*, 'queue active' as what from (
    select *, regexp_extract(text,
        '^(from=<)([^">]*)>, size=(\d+), nrcpt=(\d+) \(queue active\)$', ['fits', 'sender', 'size', 'recipients']) as groups
    from {lines}
) where groups.fits <> ''
"""
_REMOVED = "select *, text as what from {lines} where text = 'removed'"
# strpos and substr alone (split_part makes a list of its parts); one expression without groups says whether all is in its place.
_DELIVERY = r"""
select *, case when also > 0 then left(addressed, also - 1) else addressed end as recipient,
       case when also > 0 then substr(addressed, also + 12) else '' end as orig,
       left(middle, strpos(middle, ',') - 1) as relay,
       substr(middle, delayed + 8, parts - delayed - 8) as delay, substr(middle, parts + 9, coded - parts - 9) as delays,
       substr(middle, coded + 6) as dsn, left(ending, told - 1) as state, substr(ending, told + 2) as said
from (
    select *, strpos(addressed, '>, orig_to=<') as also, strpos(middle, ', delay=') as delayed, strpos(middle, ', delays=') as parts,
           strpos(middle, ', dsn=') as coded, strpos(ending, ' (') as told
    from (
        select *, substr(text, 5, relayed - 5) as addressed, substr(text, relayed + 9, stated - relayed - 9) as middle,
               substr(text, stated + 9) as ending
        from (select *, strpos(text, '>, relay=') as relayed, strpos(text, ', status=') as stated from {lines})
        where relayed > 0 and stated > relayed
    )
) where regexp_full_match(middle, '[^,]+, (?:conn_use=\d+, )?delay=[\d.]+, delays=[\d./]+, dsn=[\d.]+')
    and left(ending, told - 1) in ('sent', 'deferred', 'bounced', 'expired') and not contains(addressed, '"')
    and (not contains(addressed, '>') or regexp_full_match(addressed, '[^>]*>, orig_to=<[^>]*'))
"""
QUICK = (
    Quick(postfix_exit.DELIVERY, _DELIVERY, ("tls",)),
    Quick(postfix_exit.ACTIVE, _ACTIVE, ("state", "said")),
    Quick(postfix_exit.REMOVED, _REMOVED),
    Quick(postfix_entrance.MESSAGE_ID, _MESSAGE_ID),
    Quick(postfix_entrance.CLIENT, _CLIENT, ("method", "user_name", "authorized", "orig", "orig_host", "orig_ip")),
    Quick(postfix_entrance.DISCONNECTED, _DISCONNECT),
)
