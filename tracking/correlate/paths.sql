-- c_leg, c_link -> c_prev: through which leg of the stay before each leg's copy came: the same address, else the same user, else what is left.
create or replace temp table c_incoming as
select l.next_k, g.n as prev, g.ac, g.rc from c_link l join c_leg g on g.n = l.n;
create or replace temp table c_outgoing as
select g.n, g.k, coalesce(plain_address(c.root), g.ac) as ac, coalesce(c.root, g.rc) as rc
from c_leg g left join c_chain c on c.n = g.n where exists (from c_link where c_link.next_k = g.k);

create or replace temp table c_prev as
with same as (
    select o.n, min(struct_pack(other := i.rc <> o.rc, rc := i.rc, prev := i.prev)) as b
    from c_outgoing o join c_incoming i on i.next_k = o.k and i.ac = o.ac group by o.n),
users as (
    select o.n, min(struct_pack(rc := i.rc, prev := i.prev)) as b from c_outgoing o join c_incoming i on i.next_k = o.k
        and split_part(i.ac, '@', 1) = o.ac where not contains(o.ac, '@') and o.n not in (select n from same) group by o.n)
select n, b.prev as prev from same union all select n, b.prev from users;

insert into c_prev
with spare as (
    select next_k, min(struct_pack(taken := taken, rc := rc, prev := prev)) as b
    from (select i.*, exists (from c_prev p where p.prev = i.prev) as taken from c_incoming i) group by next_k)
select o.n, spare.b.prev from c_outgoing o join spare on spare.next_k = o.k where not exists (from c_prev p where p.n = o.n);

-- What came in and of which the stay says nothing more: still there, or its lines are missing.
create or replace temp table c_silent as
select i.prev, i.next_k, (select coalesce(max(n), 0) from c_leg) + row_number() over () as n
from c_incoming i where not exists (from c_prev p where p.prev = i.prev);
insert into c_leg
select s.n, s.next_k, g.rc, g.recipient, g.ac, null, null, null, null, null, null, null, null, null, null, null, null, [], true
from c_silent s join c_leg g on g.n = s.prev;
insert into c_prev select n, prev from c_silent;

-- Every way, from its end backwards.
create or replace temp table c_path as
select n as x, 0 as step, n, k from c_leg g where not exists (from c_prev p where p.prev = g.n);
create or replace temp table c_frontier as select x, n from c_path;
