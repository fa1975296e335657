-- The number of pgvector's type.
select 'halfvec'::regtype::oid::bigint
