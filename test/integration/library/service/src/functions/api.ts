import * as z from "zod";
import { createApiHandler, defineQuery, defineRowQuery } from "../../../../../../src/lambda.ts";
import { library, members, shelf } from "../library.ts";

const books = defineQuery({
  path: "/shelf",
  summary: "How many copies of each book are there",
  of: shelf,
  parameters: z.object({}),
  answer: (rows) => rows.sharedRows("books"),
});
const member = defineRowQuery({ path: "/members/{id}", summary: "One member, with fines", of: members });

export const handler = createApiHandler(library, [books, member]);
