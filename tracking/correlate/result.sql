-- The four tables that are handed on.
create or replace temp table c_part as
select l.k, lpad(to_hex(coalesce(g.part, l.label)), 16, '0') as part_of from c_label l left join c_group g on g.label = l.label;

create or replace temp table hops as
with counted as (
    select k, count(*) filter (event in ('send', 'deliver')) as recipients, max(time) filter (event <> 'defer') as left_at,
        bool_and(event is not null and event <> 'defer') as done from c_leg where not assumed or event is not null group by k)
select s.hop_id, p.part_of, s.server, s.server_group, s.software, s.instance, s.id, s.message_id, s.network_id, s.sender, s.size_bytes, s.subject,
    s.client_ip, s.client_host, s.user_name, s.arrived_at, c.left_at, s.uncertainty_seconds, coalesce(c.recipients, 0)::int as recipients,
    s.ended or coalesce(c.done, false) as finished, s.first as first_at, s.last as last_at, s.is_hop, k.keys
from c_stay s join c_part p on p.k = s.k left join counted c on c.k = s.k left join c_keys k on k.k = s.k;

create or replace temp table legs as
select s.hop_id, p.part_of, g.recipient, g.via, g.event, g.time, g.said, g.status, g.next_host, r.hop_id as next_hop, l.rule, l.confidence
from c_leg g join c_stay s on s.k = g.k join c_part p on p.k = g.k left join c_link l on l.n = g.n left join c_stay r on r.k = l.next_k
where g.event is not null
union all
select s.hop_id, p.part_of, s.sender, null, 'dsn', c.time, null, null, null, r.hop_id, c.rule, 1.0
from c_report c join c_stay s on s.k = c.k join c_part p on p.k = c.k left join c_stay r on r.k = c.next_k;

-- (an ordered list costs ten times what a row does, so that ways of one hop go without)
create or replace temp table c_hop as
select p.x, p.step, b.steps = 0 as alone, struct_pack(hop_id := s.hop_id, server := s.server, software := s.software, id := s.id, arrived_at := s.arrived_at,
    left_at := g.time, delays := g.delays, "to" := g.next_host, rule := l.rule, confidence := l.confidence, lines := lines_of(s.lines, g.lines)) as hop,
    s.message_id, s.size_bytes, s.subject
from c_path p join c_best b on b.x = p.x join c_leg g on g.n = p.n join c_stay s on s.k = p.k left join c_link l on l.n = g.n;
create or replace temp table c_hops as
select x, [hop] as hops, message_id, size_bytes, subject from c_hop where alone
union all
select x, list(hop order by step desc), min(message_id), max(size_bytes), min(subject) from c_hop where not alone group by x;

create or replace temp table flows as
select b.flow_id, p.part_of, coalesce(e.message_id, h.message_id) as message_id, e.sender, b.recipient, coalesce(v.via, []) as via, coalesce(e.subject, h.subject) as subject,
    coalesce(e.size_bytes, h.size_bytes) as size_bytes, coalesce(is_probe(coalesce(e.message_id, h.message_id)), false) as probe,
    list_sort(list_distinct([domain_of(e.sender), domain_of(b.recipient)])) as domains, e.client_ip, e.user_name, e.server as entry_server, t.server as exit_server,
    e.arrived_at as entered_at, b.time as left_at, (coalesce(e.uncertainty_seconds, 0) + coalesce(t.uncertainty_seconds, 0))::double as uncertainty_seconds,
    case when d.x is not null then 'unsure' else b.outcome end as outcome, b.said,
    b.event is not null and b.event <> 'defer' as finished, b.duplicate, h.hops
from c_best b join c_hops h on h.x = b.x join c_stay e on e.k = b.entry_k join c_stay t on t.k = b.exit_k join c_part p on p.k = b.exit_k
left join c_via v on v.x = b.x left join c_doubt d on d.x = b.x
union all by name
-- taken, and nothing known yet of whom it is for
select digest(s.hop_id || '|') as flow_id, p.part_of, s.message_id, s.sender, null as recipient, [] as via, s.subject, s.size_bytes,
    coalesce(is_probe(s.message_id), false) as probe, list_distinct([domain_of(s.sender)]) as domains, s.client_ip, s.user_name, s.server as entry_server,
    s.server as exit_server, s.arrived_at as entered_at, null as left_at, s.uncertainty_seconds::double as uncertainty_seconds,
    case when s.ended then 'unsure' else 'deferred' end as outcome, null as said, false as finished, false as duplicate,
    [struct_pack(hop_id := s.hop_id, server := s.server, software := s.software, id := s.id, arrived_at := s.arrived_at, left_at := null::timestamp,
        delays := null::varchar, "to" := null::varchar, rule := null::varchar, confidence := null::double, lines := lines_of(s.lines, []))] as hops
from c_stay s join c_part p on p.k = s.k
where s.is_hop and (s.message_id is not null or s.size_bytes is not null) and not exists (from c_leg where c_leg.k = s.k)
union all by name
-- refused at the door, before there was an id
select digest(concat_ws('|', 'door', file_id, line, part)) as flow_id, lpad(to_hex(number_of(concat_ws('|', 'door', file_id, line, part))), 16, '0') as part_of,
    e.message_id, e.sender, e.recipient, [] as via, e.subject, e.bytes as size_bytes, coalesce(is_probe(e.message_id), false) as probe,
    list_sort(list_distinct([domain_of(e.sender), domain_of(e.recipient)])) as domains, e.client_ip, e.user_name, e.server as entry_server, e.server as exit_server,
    e.time as entered_at, e.time as left_at, e.uncertainty_seconds::double as uncertainty_seconds, 'rejected' as outcome, e.said, true as finished, false as duplicate,
    [struct_pack(hop_id := digest(concat_ws('|', 'door', file_id, line, part)), server := e.server, software := e.software, id := null::varchar,
        arrived_at := e.time, left_at := e.time, delays := null::varchar, "to" := null::varchar, rule := null::varchar, confidence := null::double,
        lines := [struct_pack(file_id := file_id, line := line)])] as hops
from (select distinct on (file_id, line, part) * from events where event = 'reject' and internal_message_id is null and known_as is null and network_id is null and message_id is null) e;
