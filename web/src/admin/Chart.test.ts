import { expect, test } from "vitest";
import { ceiling, places } from "./Chart.tsx";

test("the top of a chart is a round number that holds all values", () => {
  expect([0, 0.3, 1, 1.4, 3, 7, 10, 11, 999, 1014].map(ceiling)).toEqual([1, 0.5, 1, 2, 5, 10, 10, 20, 1000, 2000]);
});

test("names at the ends of lines do not lie on each other, nor below the chart", () => {
  expect(places([180, 180, 40], 180)).toEqual([177, 145, 37]);
  expect(places([50, 52, 180], 180)).toEqual([17, 49, 177]);
});
