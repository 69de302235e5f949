-- title: ten connections are opened at once, and each is asked
-- model: pooling
-- budget: 500ms
-- samples: 20
-- connections: 10
SELECT 1
