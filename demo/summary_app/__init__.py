"""The reference application that every later job is shown on: a Prisma schema, and sample data of any size."""
