// Small readers that turn unknown JSON into well-formed values, or throw a WireError that names the field.

export class WireError extends Error {
  override name = "WireError";
}

export type Reader<T> = (value: unknown, path: string) => T;

const fail = (path: string, expected: string): never => {
  throw new WireError(`${path}: expected ${expected}`);
};

export const text: Reader<string> = (value, path) =>
  typeof value === "string" ? value : fail(path, "a string");

export const number: Reader<number> = (value, path) =>
  typeof value === "number" && Number.isFinite(value) ? value : fail(path, "a number");

export const flag: Reader<boolean> = (value, path) =>
  typeof value === "boolean" ? value : fail(path, "true or false");

export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null || value === undefined ? null : read(value, path));
}

export function oneOf<const T extends string>(...choices: readonly T[]): Reader<T> {
  return (value, path) => choices.find((choice) => choice === value) ?? fail(path, choices.join(" or "));
}

export function list<T>(read: Reader<T>): Reader<T[]> {
  return (value, path) =>
    Array.isArray(value) ? value.map((item, index) => read(item, `${path}[${index}]`)) : fail(path, "a list");
}

export function record(value: unknown, path: string): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : fail(path, "an object");
}

export function mapOf<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (value, path) =>
    Object.fromEntries(
      Object.entries(record(value, path)).map(([key, item]) => [key, read(item, `${path}.${key}`)]),
    );
}

export function object<T extends object>(fields: { [K in keyof T]-?: Reader<T[K]> }): Reader<T> {
  return (value, path) => {
    const source = record(value, path);
    const result: Partial<T> = {};
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      result[key] = fields[key](source[key], `${path}.${key}`);
    }
    return result as T;
  };
}
