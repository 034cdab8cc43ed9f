-- One round of matching: each stay takes its best stay before it, each leg of that its best next stay; both must agree.
insert into c_link
with free as (
    select * from c_candidate c where not exists (from c_link where c_link.n = c.n)
        and not exists (from c_link where c_link.next_k = c.next_k and c_link.k <> c.k)),
up as (
    select next_k, max(struct_pack(confidence := confidence, exact := exact, nearness := -apart, hop_id := hop_id, k := k)) as b from free group by next_k),
down as (
    select f.n, max(struct_pack(confidence := f.confidence, exact := f.exact, nearness := -f.apart, hop_id := f.next_hop_id, next_k := f.next_k)) as b
    from free f join up on up.next_k = f.next_k and up.b.k = f.k group by f.n)
select f.n, f.k, f.next_k, f.rule,
    case when exists (from c_rival v where v.n = f.n and v.next_k = f.next_k) then least(f.confidence, ambiguous()) else f.confidence end
from free f join up on up.next_k = f.next_k and up.b.k = f.k join down on down.n = f.n and down.b.next_k = f.next_k
