"""What an Exchange row says beside the columns of an event: members of a JSON object, each only where it says something."""

from __future__ import annotations

_STAMPED = "regexp_matches(info, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T')"
_STAMP = "to_json(split_part(info, ';', 1))::varchar"
_ENVELOPE = "trim(coalesce(return_path, sender_address), '<> ')"
# name -> when it is told (SQL over the row), its JSON text (SQL)
_MEMBERS = {
    "custom_data": ("custom_data is not null", "to_json(custom_data)::varchar"),
    "original_arrival": (f"meaning in ('send', 'deliver', 'fail', 'duplicate') and {_STAMPED}", _STAMP),  # into the organisation, UTC
    "created": (f"meaning = 'submit' and {_STAMPED}", _STAMP),  # the message, in its mailbox
    "retry_at": (f"meaning = 'defer' and {_STAMPED}", _STAMP),
    "header_sender": (f"lower(sender_address) <> lower({_ENVELOPE})", "to_json(sender_address)::varchar"),
    "transport_traffic_type": ("traffic_type <> 'Email'", "to_json(traffic_type)::varchar"),
    "health": (  # Exchange's own test mailboxes: most lines of a small server
        (
            "starts_with(lower(sender_address), 'healthmailbox') or starts_with(lower(recipients), 'healthmailbox') "
            "or starts_with(lower(sender_address), 'inboundproxy@')"
        ),
        "'true'",
    ),
    "damaged": ("damaged", "'true'"),
}
_TOLD = [f"case when {when} then '\"{name}\":' || {json} end" for name, (when, json) in _MEMBERS.items()]
EXTRA = f"concat_ws(',', {', '.join(_TOLD)}, unknown)"  # '' when there is nothing
