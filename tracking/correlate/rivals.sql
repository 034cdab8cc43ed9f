-- Either may have led to the other: the likelier, then the nearer, then the earlier.
create or replace temp table c_candidate as
with pairs as (select k, next_k, max(struct_pack(confidence := confidence, nearness := -apart, hop_id := hop_id)) as b from c_likely group by k, next_k),
worse as (select a.k, a.next_k from pairs a join pairs z on z.k = a.next_k and z.next_k = a.k where a.b < z.b)
select c.* from c_likely c where not exists (from worse w where w.k = c.k and w.next_k = c.next_k)
    and not exists (from c_entrance e where e.k = c.k and e.root = c.next_k); -- nothing leads to its own entrance

-- A rival is another candidate of the same leg or of the same stay that is not ten times as far away; by one clock, three seconds further.
create or replace temp table c_rival as
with met as materialized (
    select a.*, b.n as rival_n, b.next_k as rival_k, b.confidence as other, b.apart as away, a.one_clock and b.one_clock as by_one_clock
    from c_candidate a join c_candidate b on b.n = a.n where b.next_k <> a.next_k
    union all
    select a.*, b.n, b.next_k, b.confidence, b.apart, a.one_clock and b.one_clock from c_candidate a join c_candidate b on b.next_k = a.next_k where b.k <> a.k)
select distinct n, next_k, rival_n, rival_k from met where other >= confidence and case when by_one_clock then away < apart + 3 else away < 10 * (apart + 1) end;

-- Through a server without logs only what is alone is linked: of several, none, however near.
create or replace temp table c_gap as
with several as (
    select n, next_k from c_candidate where n in (select n from c_candidate group by n having count(distinct next_k) > 1)
    union select n, next_k from c_candidate where next_k in (select next_k from c_candidate group by next_k having count(distinct k) > 1))
select c.n, c.next_k from c_candidate c join several s on s.n = c.n and s.next_k = c.next_k where c.confidence = through_a_gap();
delete from c_candidate c using c_gap g where g.n = c.n and g.next_k = c.next_k;
