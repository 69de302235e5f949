-- title: all tags, with the number of summaries of each
-- model: Category/Tag
-- budget: 3s
-- samples: 20
SELECT "public"."Tag"."id", "public"."Tag"."name", "public"."Tag"."createdAt",
       COALESCE("aggr_selection_0_Summary"."_aggr_count_summaries", 0) AS "_aggr_count_summaries"
FROM "public"."Tag"
LEFT JOIN (
    SELECT "public"."_SummaryToTag"."B",
           COUNT("public"."_SummaryToTag"."B") AS "_aggr_count_summaries"
    FROM "public"."_SummaryToTag"
    LEFT JOIN "public"."Summary" ON "public"."_SummaryToTag"."A" = "public"."Summary"."id"
    WHERE 1 = 1
    GROUP BY "public"."_SummaryToTag"."B"
) AS "aggr_selection_0_Summary" ON "public"."Tag"."id" = "aggr_selection_0_Summary"."B"
WHERE 1 = 1
ORDER BY "public"."Tag"."name" ASC
OFFSET 0
