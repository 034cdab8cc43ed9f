-- c_edge, c_from -> c_link: leg n led to stay next_k. One leg, one next stay; one stay, one stay before it.
-- What a stay's own server says of where it came from beats a claim of others that is not sure.
delete from c_edge where confidence < 1 and next_k in (select next_k from c_from);
create or replace temp table c_link as
with best as ( -- of each leg
    select n, k, max(struct_pack(
            confidence := confidence, exact := exact, fit := fit, nearness := -apart, hop_id := next_hop_id, next_k := next_k, rule := rule)) as b
    from c_edge group by n, k),
rivals as ( -- another life of the same id that fits as well, and that only the clocks tell from it
    select distinct b.n from best b join c_edge e on e.n = b.n and e.next_k <> b.b.next_k
    where e.confidence >= b.b.confidence and e.exact = b.b.exact and e.fit >= b.b.fit and (e.apart < 300 or b.b.confidence = guessed())),
chosen as (
    select n, k, b.next_k as next_k, b.rule as rule, b.nearness as nearness, b.fit as fit,
        case when n in (select n from rivals) then ambiguous() else b.confidence end as confidence from best),
parents as (
    select c.next_k, max(struct_pack(confidence := confidence, fit := c.fit, nearness := nearness, hop_id := s.hop_id, k := c.k)) as p
    from chosen c join c_stay s on s.k = c.k group by c.next_k),
pretenders as ( -- another stay that claims the same one, and fits as well
    select distinct p.next_k from parents p join chosen c on c.next_k = p.next_k and c.k <> p.p.k
    where c.confidence >= p.p.confidence and c.fit >= p.p.fit and c.nearness > -300)
select c.n, c.k, c.next_k, c.rule, case when p.next_k in (select next_k from pretenders) then ambiguous() else c.confidence end as confidence
from chosen c join parents p on p.next_k = c.next_k and p.p.k = c.k;

create or replace temp table c_parent as
with best as (
    select next_k, max(struct_pack(confidence := confidence, exact := exact, nearness := -apart, hop_id := hop_id, k := k, rule := rule)) as b
    from c_from where next_k not in (select next_k from c_link) group by next_k)
select next_k, b.k as k, b.rule as rule, b.confidence as confidence from best;

-- of the stay before it, the legs with the same recipient; where it has none, the recipient is assumed to have gone that way
insert into c_link
select distinct l.n, l.k, p.next_k, p.rule, p.confidence from c_parent p join c_leg l on l.k = p.k join c_address r on r.k = p.next_k and r.ac = l.ac
where l.n not in (select n from c_link) and coalesce(l.event, 'send') in ('send', 'redirect', 'deliver');
insert into c_link
select min(l.n), l.k, p.next_k, min(p.rule), min(p.confidence) from c_parent p join c_leg l on l.k = p.k
where l.n not in (select n from c_link) and p.next_k not in (select next_k from c_link) and coalesce(l.event, 'send') in ('send', 'redirect')
group by l.k, p.next_k having count(*) = 1;
create or replace temp table c_assumed as
select distinct p.k, p.next_k, p.rule, p.confidence, r.rc, r.recipient, r.ac, s.arrived_at as time, s.server
from c_parent p join c_stay s on s.k = p.next_k join c_leg r on r.k = p.next_k
where p.next_k not in (select next_k from c_link) and r.via is null;
insert into c_leg
select (select coalesce(max(n), 0) from c_leg) + row_number() over (order by k, next_k, rc), k, rc, recipient, ac, null, null, 'send', time, null, null, server, null, null,
    null, null, null, [], true from c_assumed;
insert into c_link
select l.n, l.k, a.next_k, a.rule, a.confidence from c_assumed a join c_leg l on l.k = a.k and l.rc = a.rc and l.assumed
where l.n not in (select n from c_link);
