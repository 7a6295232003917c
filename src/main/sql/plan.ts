import { hull, intersection, type TimeBounds, timeBounds } from './time-filter.ts';

/** What DuckDB's plan wants of a table. */
export interface TableNeed {
  readonly bounds: TimeBounds;
  /** Columns that are read, in the plan's order; undefined where it does not say. */
  readonly columns: readonly string[] | undefined;
  /** Whether the plan shows a scan of it. */
  readonly isShown: boolean;
}

interface PlanNode {
  readonly name?: string;
  readonly children?: readonly PlanNode[];
  readonly extra_info?: Readonly<Record<string, unknown>>;
}

const EVERYTHING: TableNeed = {
  bounds: { from: undefined, to: undefined },
  columns: undefined,
  isShown: false,
};

/**
 * What a plan needs of the table that a function scans: all scans of it together. A scan is bounded by the filter directly
 * above it and nothing else; a function that the plan does not show is needed in full.
 * @param plan what EXPLAIN (FORMAT json) gave
 */
export function needOf(plan: unknown, functionName: string): TableNeed {
  const needs: TableNeed[] = [];
  const name = functionName.toUpperCase();
  const walk = (node: PlanNode, parent: PlanNode | undefined): void => {
    if (node.name?.trim().toUpperCase() === name)
      needs.push({ bounds: boundsAbove(parent), columns: columnsOf(node), isShown: true });
    for (const child of node.children ?? []) walk(child, node);
  };
  for (const root of Array.isArray(plan) ? (plan as PlanNode[]) : [plan as PlanNode]) walk(root, undefined);
  if (needs.length === 0) return EVERYTHING;
  return needs.reduce((a, b) => ({
    bounds: hull(a.bounds, b.bounds),
    columns:
      a.columns === undefined || b.columns === undefined
        ? undefined
        : [...new Set([...a.columns, ...b.columns])],
    isShown: true,
  }));
}

function boundsAbove(parent: PlanNode | undefined): TimeBounds {
  if (parent?.name?.trim() !== 'FILTER' || parent.children?.length !== 1) return EVERYTHING.bounds;
  const expression = parent.extra_info?.['Expression'];
  // DuckDB shows a text with line breaks as a list of lines.
  const text = Array.isArray(expression) ? expression.join('\n') : expression;
  return typeof text === 'string' ? intersection(timeBounds(text), EVERYTHING.bounds) : EVERYTHING.bounds;
}

function columnsOf(node: PlanNode): readonly string[] | undefined {
  const columns = node.extra_info?.['Projections'];
  if (typeof columns === 'string') return [columns];
  return Array.isArray(columns) ? (columns as string[]) : undefined;
}
