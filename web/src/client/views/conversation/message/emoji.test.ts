import { expect, it } from "vitest";
import { directionOf, onlyEmoji } from "./emoji.ts";

it.each([["👍", true], ["👩‍👩‍👧 ❤️", true], ["🇹🇷", true], ["ok 👍", false], ["", false], [" ", false], ["12", false], ["👍".repeat(20), false]] as const)("onlyEmoji %s", (s, is) =>
  expect(onlyEmoji(s)).toBe(is));

it.each([["12 صباح", "rtl"], ["a صباح", "ltr"], ["!?", undefined], ["שלום", "rtl"], ["çok", "ltr"]] as const)("directionOf %s", (s, is) =>
  expect(directionOf(s)).toBe(is));
