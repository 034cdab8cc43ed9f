-- hops, legs, offsets -> views hops_corrected, legs_corrected: the same columns, each server's own stamps minus its clock's offset.
create or replace temp view c_clock as
select server, since, until, offset_seconds, drift_ppm, error_seconds from offsets;
create or replace temp view hops_corrected as
select h.* replace (h.arrived_at - to_microseconds(coalesce(o.offset_us, 0)) as arrived_at, h.left_at - to_microseconds(coalesce(o.offset_us, 0)) as left_at),
    coalesce(o.offset_us, 0) / 1e6 as clock_offset_seconds, o.error_seconds
from hops h left join lateral (
    select round((c.offset_seconds + c.drift_ppm * seconds_between(c.since, least(greatest(h.arrived_at, c.since), c.until)) / 1e6) * 1e6)::bigint as offset_us,
        c.error_seconds
    from c_clock c where c.server = h.server
    order by greatest(seconds_between(h.arrived_at, c.since), seconds_between(c.until, h.arrived_at), 0), c.since limit 1) o on true;
create or replace temp view legs_corrected as
select g.* replace (g.time - to_microseconds(round(h.clock_offset_seconds * 1e6)::bigint) as time), h.clock_offset_seconds
from legs g join hops_corrected h on h.hop_id = g.hop_id;
