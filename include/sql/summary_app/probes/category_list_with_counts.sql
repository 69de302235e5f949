-- title: all categories, with the number of summaries in each
-- model: Category/Tag
-- budget: 2s
-- samples: 20
SELECT "public"."Category"."id", "public"."Category"."name", "public"."Category"."slug",
       "public"."Category"."description", "public"."Category"."color", "public"."Category"."createdAt",
       COALESCE("aggr_selection_0_Summary"."_aggr_count_summaries", 0) AS "_aggr_count_summaries"
FROM "public"."Category"
LEFT JOIN (
    SELECT "public"."_CategoryToSummary"."A",
           COUNT("public"."_CategoryToSummary"."A") AS "_aggr_count_summaries"
    FROM "public"."_CategoryToSummary"
    LEFT JOIN "public"."Summary" ON "public"."_CategoryToSummary"."B" = "public"."Summary"."id"
    WHERE 1 = 1
    GROUP BY "public"."_CategoryToSummary"."A"
) AS "aggr_selection_0_Summary" ON "public"."Category"."id" = "aggr_selection_0_Summary"."A"
WHERE 1 = 1
ORDER BY "public"."Category"."name" ASC
OFFSET 0
