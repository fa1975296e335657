-- What a member may touch right now. An admin manages all of the tenant's own spaces and uses the shared ones as they were
-- granted. Everyone else reads the spaces that no team owns; reads and writes those of their teams; reads what stands above
-- these; and has what was granted to them or their teams. A space without a team of its own belongs to the nearest above that
-- has one. A sibling team's space gives no row.
with recursive
me as (
    select m.id, m.tenant_id, m.role = 'admin' as is_admin
    from tenants_membership m join auth_user u on u.id = m.user_id and u.is_active
    where m.user_id = %(actor)s and m.tenant_id = %(tenant_id)s
),
my_teams as (
    select tm.team_id from tenants_teammember tm join me on me.id = tm.membership_id
),
tree as (
    select s.id, s.parent_id, s.team_id as belongs_to
    from tenants_space s join me on me.tenant_id = s.tenant_id
    where s.parent_id is null
    union all
    select s.id, s.parent_id, coalesce(s.team_id, above.belongs_to)
    from tenants_space s join tree above on above.id = s.parent_id
),
ours as (
    select tree.id, tree.parent_id from tree where tree.belongs_to in (select team_id from my_teams)
),
above_ours as (
    select ours.parent_id as id from ours where ours.parent_id is not null
    union
    select tree.parent_id from tree join above_ours on above_ours.id = tree.id where tree.parent_id is not null
),
held as (
    select tree.id as space_id,
           case when me.is_admin then array['read', 'write', 'manage']
                when tree.id in (select id from ours) then array['read', 'write']
                when tree.belongs_to is null or tree.id in (select id from above_ours) then array['read'] end as permissions
    from tree cross join me
    union all
    select g.space_id, case when me.is_admin then g.permissions::text[] else array['read'] end
    from tenants_grant g join me on me.tenant_id = g.tenant_id
    union all
    select g.space_id, g.permissions::text[] from tenants_grant g join me on me.id = g.membership_id
    union all
    select g.space_id, g.permissions::text[] from tenants_grant g join my_teams on my_teams.team_id = g.team_id
),
by_actor as (
    select held.space_id, array_agg(distinct permission) as permissions
    from held cross join lateral unnest(held.permissions) permission
    group by held.space_id
)
select s.id, s.name, s.title, s.description, s.status, s.created_at, p.name as parent, t.slug as team,
       s.tenant_id, owner.slug, owner.status, mine.status, s.embedding_model, s.embedding_dimension, s.text_search,
       s.reread_to is not null, s.limits,
       case when s.tenant_id = mine.id then array['read', 'write', 'manage'] else g.permissions::text[] end as by_tenant,
       by_actor.permissions as by_actor
from by_actor
join tenants_space s on s.id = by_actor.space_id
join tenants_tenant mine on mine.id = %(tenant_id)s
join tenants_tenant owner on owner.id = s.tenant_id
left join tenants_space p on p.id = s.parent_id and p.tenant_id = mine.id
left join tenants_team t on t.id = s.team_id and t.tenant_id = mine.id
left join tenants_grant g on g.space_id = s.id and g.tenant_id = mine.id
where (s.tenant_id = mine.id or g.id is not null)
  and (%(names)s::text[] is null or s.name = any(%(names)s::text[]))
order by s.name
