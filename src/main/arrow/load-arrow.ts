/** apache-arrow, loaded on first use: a program that never asks for Arrow does not pay for it. */
export type Arrow = typeof import('apache-arrow');

let loading: Promise<Arrow> | undefined;

/** @returns the package, always the same copy */
export function loadArrow(): Promise<Arrow> {
  loading ??= import('apache-arrow');
  return loading;
}
