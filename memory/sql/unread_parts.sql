-- The parts of an import's file from a byte on, in their order.
select part.start, part.body from memory_importpart part
where part.space_id = %(space_id)s and part.import_id = %(id)s and part.start + length(part.body) > %(offset)s
order by part.start
limit %(limit)s
