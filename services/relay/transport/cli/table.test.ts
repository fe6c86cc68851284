import { expect, test } from "vitest";
import { formatTime, printable, renderTable } from "./table.ts";

test("columns are as wide as their widest cell, numbers stand to the right, and no line ends in spaces", () => {
  const columns = [{ title: "ID" }, { title: "COUNT", align: "right" }, { title: "WHY" }] as const;
  const { titles, lines } = renderTable(columns, [
    ["a", "7", "too large"],
    ["longer", "123456", ""],
  ]);
  expect([titles, ...lines]).toEqual([
    "ID       COUNT  WHY", //
    "a            7  too large",
    "longer  123456",
  ]);
});

test("a column that is empty in every row is left out", () => {
  const columns = [{ title: "A" }, { title: "REQUEST" }, { title: "B" }];
  expect(renderTable(columns, [["1", "", "2"]])).toEqual({ titles: "A  B", lines: ["1  2"] });
});

test("a text above its column's limit is cut, by characters and not by halves of them", () => {
  const { lines } = renderTable(
    [{ title: "K", max: 3 }, { title: "N" }],
    [
      ["😀😀😀😀", "x"],
      ["ä", "y"],
    ],
  );
  expect(lines).toEqual(["😀😀…  x", "ä    y"]);
});

test("control characters and line breaks out of the database are shown, not obeyed", () => {
  expect(printable("a\u001b[31mb\r\nc\u202ed\u2028e")).toBe("a\\u001b[31mb\\u000d\\u000ac\\u202ed\\u2028e");
  expect(printable("Заказ 注文 😀")).toBe("Заказ 注文 😀");
  expect(renderTable([{ title: "K" }], [["a\nb"]]).lines).toEqual(["a\\u000ab"]);
});

test("times are in UTC, to the second", () => {
  expect(formatTime(new Date("2026-11-24T08:00:59.999+03:00"))).toBe("2026-11-24 05:00:59Z");
});
