-- User, Category and Tag: small tables that Summary hangs on.

-- Whoever reaches a plan's limit moves to the next one, so the busiest month decides the plan, and no month exceeds it.
INSERT INTO "User" ("id", "email", "name", "plan", "monthlyLimit", "stripeCustomerId", "preferences", "lastSeenAt",
                    "createdAt", "updatedAt")
WITH busiest AS (
  SELECT user_no, max(charged) AS charged
  FROM (SELECT user_no, count(*) AS charged FROM sample_event WHERE type = 'SUMMARY_CREATED'
        GROUP BY user_no, date_trunc('month', created_at)) AS monthly
  GROUP BY user_no
), planned AS (
  SELECT u.*, coalesce(charged, 0) AS charged,
         CASE WHEN coalesce(charged, 0) > 50 THEN 'TEAM'
              WHEN coalesce(charged, 0) > 10 OR pg_temp.draw(u.key, 31, 10) = 0 THEN 'PRO'
              ELSE 'FREE' END AS plan
  FROM sample_user AS u LEFT JOIN busiest ON busiest.user_no = u.no
), seen AS (
  SELECT user_no, greatest(max(updated_at), max(created_at)) AS last_seen FROM sample_summary GROUP BY user_no
)
SELECT planned.id,
       pg_temp.adjective(key, 32) || '.' || pg_temp.noun(key, 33) || no || '@example.com',
       CASE WHEN pg_temp.draw(key, 34, 12) > 0 THEN
         pg_temp.pick(
'{Aisha,Amélie,Andrés,Anna,Björn,Carlos,Chiara,Daniel,Elif,Emma,Fatima,Grace,Hannah,Hiroshi,Ingrid,Ivan,
James,Jana,João,Kofi,Laila,Leon,Linh,Lucía,Łukasz,Maria,Mateo,Mei,Mohammed,Nadia,Noah,Olga,Paul,Priya,Rosa,Sanjay,Søren,
Sofia,Tariq,Thandi,Tomás,Wei,Yara,Yuki,Zoë}'::text[], key, 35) || ' ' ||
         pg_temp.pick(
'{Abubakar,Andersson,Baker,Brown,Castillo,Chen,"da Silva",Dubois,Fischer,García,Haddad,Ivanova,Jensen,Jones,
Kim,Kowalski,Kumar,López,Martin,Mbeki,Müller,Nakamura,"Nguyễn","O''Brien",Okafor,Olsen,Patel,Petrov,Rossi,Sato,Schmidt,
Singh,Smith,Taylor,"van Dijk",Yılmaz,Williams,Wong}'::text[], key, 36) END,
       plan::"Plan",
       CASE plan WHEN 'FREE' THEN 10 WHEN 'PRO' THEN 50
                 ELSE greatest(500, ceil(charged / 100.0) * 100) END::integer,
       CASE WHEN plan != 'FREE' THEN 'cus_' || pg_temp.scatter(no) || pg_temp.scatter(no + 7) END,
       jsonb_build_object('theme', pg_temp.pick('{system,light,dark}'::text[], key, 37),
                          'language', pg_temp.pick('{en,en,en,en,de,es,fr,pt}'::text[], key, 38),
                          'emailDigest', pg_temp.draw(key, 39, 3) = 0),
       CASE WHEN pg_temp.draw(key, 40, 20) > 0 THEN coalesce(last_seen, created_at) END,
       created_at,
       coalesce(last_seen, created_at)
FROM planned LEFT JOIN seen ON seen.user_no = planned.no
ORDER BY created_at, no;

CREATE TEMPORARY TABLE sample_category AS
SELECT no, pg_temp.cuid(%(now)s::timestamp - interval '760 days', no, pg_temp.root(%(seed)s, 4, no)) AS id, name, color
FROM unnest(
'{Architecture,Business,Cooking,Design,Economics,Education,Engineering,Gaming,Geography,Health,History,Languages,
Mathematics,Music,Nature,Philosophy,Politics,"Popular Science",Programming,Travel}'::text[],
'{"#0ea5e9","#22c55e","#ef4444","#a855f7","#eab308","#14b8a6","#f97316","#6366f1","#84cc16","#ec4899","#b45309",
"#06b6d4","#4f46e5","#d946ef","#16a34a","#78716c","#dc2626","#0891b2","#2563eb","#f59e0b"}'::text[])
  WITH ORDINALITY AS shelf (name, color, no);

INSERT INTO "Category" ("id", "name", "slug", "description", "color", "createdAt")
SELECT id, name, lower(replace(name, ' ', '-')), 'Videos about ' || lower(name) || '.', color,
       %(now)s::timestamp - interval '760 days'
FROM sample_category ORDER BY no;

-- Names come from two lists whose product is larger than the number of tags: each pair is met once.
CREATE TEMPORARY TABLE sample_tag AS
SELECT no, created_at, pg_temp.cuid(created_at, no, key) AS id,
       area || ' ' || topic AS name
FROM (
  SELECT no, pg_temp.root(%(seed)s, 5, no) AS key,
         (
'{applied,beginner,budget,classic,clinical,cloud,coastal,creative,data,deep,digital,everyday,family,field,financial,
future,global,green,hands-on,indie,local,marine,medical,mobile,modern,nordic,open,organic,practical,public,quantum,
remote,rural,small-scale,solar,strategic,street,urban,visual,vintage}'::text[])[1 + mod(no * 7, 40)::integer] AS area,
         (
'{animation,archaeology,astronomy,baking,biology,chemistry,climbing,coding,cycling,databases,drawing,ecology,energy,
farming,fashion,film,finance,fitness,gardening,genetics,hardware,housing,investing,journalism,law,leadership,learning,
literature,logistics,marketing,medicine,networks,painting,photography,physics,podcasts,robotics,sailing,security,
statistics,storytelling,surfing,theatre,transport,typography,volcanoes,woodwork,writing,yoga,
zoology}'::text[])[1 + mod(no / 40 + no * 13, 50)::integer]
           AS topic,
         %(now)s::timestamp - interval '740 days' + interval '1 minute' * no AS created_at
  FROM generate_series(0, %(tags)s::bigint - 1) AS no
) AS named;

INSERT INTO "Tag" ("id", "name", "createdAt") SELECT id, name, created_at FROM sample_tag ORDER BY no;

ALTER TABLE sample_category ADD PRIMARY KEY (no);
ALTER TABLE sample_tag ADD PRIMARY KEY (no);
ANALYZE sample_category, sample_tag;
