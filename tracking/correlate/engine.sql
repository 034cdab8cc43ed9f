-- What only DuckDB has, or spells in its own way: everything else of the correlation is common SQL over these names.
create or replace temp macro digest(text) as md5(text);
create or replace temp macro number_of(text) as md5_number_lower(text);
create or replace temp macro seconds_between(a, b) as (epoch_us(b) - epoch_us(a)) / 1e6;
create or replace temp macro label_of(host) as split_part(host, '.', 1);
create or replace temp macro is_numeric_host(host) as contains(host, ':') or regexp_full_match(host, '[0-9.]+');
-- two names of one host: equal, or one is the other's first label
create or replace temp macro same_host(a, b) as a = b or ((not contains(a, '.') or not contains(b, '.')) and label_of(a) = label_of(b));
create or replace temp macro is_here(host) as
    host is null or host in ('local', 'localhost', 'localhost.localdomain', '::1') or starts_with(host, '127.') or starts_with(host, '/');
-- a Message-ID without what servers do to it: brackets, blanks, case
create or replace temp macro plain_id(message_id) as nullif(lower(translate(message_id, '<> ' || chr(9), '')), '');
-- an address without what relays do to it: case, brackets, SRS, BATV, +detail
create or replace temp macro unwrapped(address) as
    case when starts_with(address, 'srs0=') or starts_with(address, 'srs0+') or starts_with(address, 'srs0-')
         then coalesce(nullif(regexp_replace(address, '^srs0[=+-][^=]*=[^=]*=([^=]+)=(.+)@[^@]*$', '\2@\1'), ''), address)
         when starts_with(address, 'prvs=') then regexp_replace(address, '^prvs=[^=]*=', '')
         else address end;
create or replace temp macro plain_address(address) as
    case when contains(address, '+') or contains(address, '=') or contains(address, '<')
         then regexp_replace(unwrapped(translate(lower(address), '<>', '')), '\+[^@]*@', '@')
         else lower(address) end;
create or replace temp macro domain_of(address) as nullif(lower(split_part(address, '@', -1)), lower(address));
create or replace temp macro instance_of(name) as coalesce(nullif(split_part(name, '/', 1), 'postfix'), '');
create or replace temp macro is_probe(message_id) as regexp_matches(message_id, '^<?mailsonde\.[0-9a-z]{16,64}@');
create or replace temp macro weight(rank, time, mark) as rank::hugeint * 1000000000000000000000000000 + coalesce(epoch_us(time), 0)::hugeint * 1000000000 + (mark % 1000000000)::hugeint;
create or replace temp macro lines_of(own, more) as list_sort(list_distinct(list_concat(own, more)));
