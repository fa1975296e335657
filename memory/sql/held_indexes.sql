-- The indexes over spaces' vectors that there are, whether they are complete, and their bytes.
select c.relname::text, i.indisvalid, pg_relation_size(c.oid)
from pg_class c join pg_index i on i.indexrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relname ~ '^memory_ann_'
order by c.relname
