-- c_path -> c_flow: one row per entrance and final recipient; of several ends the best counts.
create or replace temp table c_end as
with ways as (select x, max(step) as steps, arg_max(k, step) as entry_k, arg_max(n, step) as entry_n from c_path group by x)
select w.x, w.steps, w.entry_k, w.entry_n, g.k as exit_k, g.rc, g.recipient, g.ac, g.event, g.time, g.said, o.outcome, o.rank, e.hop_id as entry_hop
from ways w join c_leg g on g.n = w.x join c_stay s on s.k = g.k join c_stay e on e.k = w.entry_k
join c_outcomes o on o.event = coalesce(g.event, case when s.ended then 'ended' else 'waiting' end);

-- A mailbox is known by the address that led to it, not by the bare user's name.
update c_end set recipient = found.recipient, rc = found.rc from (
    select p.x, arg_min(g.recipient, p.step) as recipient, arg_min(g.rc, p.step) as rc from c_path p join c_leg g on g.n = p.n
    where contains(g.rc, '@') and p.x in (select x from c_end where not contains(rc, '@')) group by p.x) found
where c_end.x = found.x and not contains(c_end.rc, '@');

create or replace temp table c_best as
with named as (select *, digest(entry_hop || '|' || coalesce(rc, '')) as flow_id from c_end),
best as (
    select flow_id, max(struct_pack(rank := rank, sooner := -epoch_us(time), hop := s.hop_id, x := x)) as b, count(*) filter (rank >= 80) > 1 as duplicate
    from named join c_stay s on s.k = exit_k group by flow_id)
select n.*, best.duplicate from best join named n on n.x = best.b.x;

-- An uncertain link makes the outcome uncertain only where the other possibility ends otherwise.
create or replace temp table c_doubt as
with unsure as (
    select p.x, v.rival_n, v.rival_k, v.n from c_path p join c_link l on l.n = p.n and l.confidence = ambiguous() and p.step > 0
    join c_rival v on v.n = l.n and v.next_k = l.next_k),
other as (
    select u.x, e.outcome from unsure u join c_path p on p.n = u.rival_n join c_end e on e.x = p.x where u.rival_n <> u.n
    union all
    select u.x, e.outcome from unsure u join c_path p on p.k = u.rival_k join c_end e on e.x = p.x where u.rival_n = u.n)
select distinct b.x from other join c_best b on b.x = other.x and b.outcome <> other.outcome;

-- the addresses on the way, where they are not all the same one
create or replace temp table c_via as
with named as materialized (
    select p.x, p.step, unnest(list_append(coalesce(c.chain, []), g.recipient)) as address, generate_subscripts(list_append(coalesce(c.chain, []), g.recipient), 1) as place
    from c_path p join c_leg g on g.n = p.n left join c_chain c on c.n = g.n
    where p.x in (select p.x from c_path p join c_leg g on g.n = p.n join c_best b on b.x = p.x where g.ac <> b.ac or g.via_rc is not null)),
first as (
    select n.x, plain_address(address) as ac, arg_max(address, (n.step, -place)) as address, max((n.step, -place)) as seat
    from named n join c_best b on b.x = n.x where plain_address(address) <> plain_address(b.recipient) and contains(address, '@') group by all)
select x, list(address order by seat desc) as via from first group by x;
