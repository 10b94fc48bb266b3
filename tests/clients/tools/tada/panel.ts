// What gql.tada infers of Callboard's schema: a field that there is not, or a type that is another, does not compile.
import { initGraphQLTada, type ResultOf } from "gql.tada";
import type { introspection } from "./graphql-env.js";

const graphql = initGraphQLTada<{ introspection: introspection; scalars: { DateTime: string; URL: string; TimeZone: string } }>();
const PANEL = graphql(`query Panel($id: ID) { interviewPanel(id: $id) { id startsAt status interviews { subject } } }`);

export function summary({ interviewPanel }: ResultOf<typeof PANEL>): string {
  const startsAt: string | null | undefined = interviewPanel?.startsAt;
  const status: "TENTATIVE" | "SCHEDULED" | "AWAITING_FEEDBACK" | "COMPLETE" | "CANCELED" | undefined = interviewPanel?.status;
  return `${startsAt} ${status} ${interviewPanel?.interviews.map(({ subject }) => subject)}`;
}
