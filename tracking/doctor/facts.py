"""All facts, in one list. A further one is an entry in the table of its software."""

from __future__ import annotations

from tracking.doctor import facts_exchange, facts_mail, facts_syslog
from tracking.doctor.facts_exchange import GENERATIONS

FACTS = facts_syslog.FACTS + facts_mail.FACTS + facts_exchange.FACTS
__all__ = ["FACTS", "GENERATIONS"]
