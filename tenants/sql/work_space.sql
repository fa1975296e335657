-- A space that workers and operators' commands may work on, by its id or its name: one that is being erased, or any other.
select s.id, s.name, s.tenant_id, s.embedding_model, s.embedding_dimension, s.limits
from tenants_space s
where (s.id = %(space_id)s or s.name = %(name)s) and (s.status = 'erasing') = %(erasing)s
