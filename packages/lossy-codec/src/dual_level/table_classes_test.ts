import { assertEquals } from "@std/assert";
import { observedTableClass, type TableClass, tableClass } from "./table_classes.ts";

/** Rows of the tables, and the authors' classes of those that are not base. */
interface Published {
  readonly rows: readonly number[];
  readonly tighten: readonly number[];
  readonly loosen: readonly number[];
}

// deno-fmt-ignore
const KAGGLE: Published = {
  rows: [
    1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652, 2173,
    4, 7046547, 18, 15, 286181, 105, 142572,
  ],
  tighten: [2, 3, 9, 11, 15, 20, 23, 25],
  loosen: [8, 16, 19, 21, 22, 24],
};
// deno-fmt-ignore
const TERABYTE: Published = {
  rows: [
    9980333, 36084, 17217, 7378, 20134, 3, 7112, 1442, 61, 9758201, 1333352, 313829, 10, 2208, 11156, 122, 4, 970, 14,
    9994222, 7267859, 9946608, 415421, 12420, 101, 36,
  ],
  tighten: [0, 9, 10, 19, 20, 21, 22],
  loosen: [5, 8, 12, 15, 16, 17, 18, 24, 25],
};

const classesOf = ({ rows, tighten, loosen }: Published): TableClass[] =>
  rows.map((_, t) => tighten.includes(t) ? "tighten" : loosen.includes(t) ? "loosen" : "base");

Deno.test("observedTableClass() gives the authors' classes of the terabyte tables, at both ends of the thresholds", () => {
  for (const tightenFrom of [313_830, 415_421]) {
    for (const loosenUpTo of [970, 1441]) {
      const classes = TERABYTE.rows.map((rows) => observedTableClass(rows, { tightenFrom, loosenUpTo }));
      assertEquals(classes, classesOf(TERABYTE));
    }
  }
  for (const thresholds of [{ tightenFrom: 313_829, loosenUpTo: 970 }, { tightenFrom: 415_421, loosenUpTo: 1442 }]) {
    const classes = TERABYTE.rows.map((rows) => observedTableClass(rows, thresholds));
    assertEquals(classes.filter((own, t) => own !== classesOf(TERABYTE)[t]).length, 1);
  }
});

Deno.test("observedTableClass() gives the authors' classes of the Kaggle tables but for two of them", () => {
  for (const tightenFrom of [14_993, 93_145]) {
    for (const loosenUpTo of [105, 304]) {
      const classes = KAGGLE.rows.map((rows) => observedTableClass(rows, { tightenFrom, loosenUpTo }));
      const others = KAGGLE.rows.map((_, t) => t).filter((t) => classes[t] !== classesOf(KAGGLE)[t]);
      assertEquals(others, [5, 13]);
      assertEquals(others.map((t) => [KAGGLE.rows[t], classes[t], classesOf(KAGGLE)[t]]), [
        [24, "loosen", "base"],
        [27, "loosen", "base"],
      ]);
    }
  }
});

Deno.test("tableClass() tightens merged tables and loosens small ones that keep their rows apart", () => {
  const of = (rows: number, homogenization?: number) =>
    tableClass({ rows, ...(homogenization === undefined ? {} : { homogenization }) });
  assertEquals([of(10, 0.89), of(10, 0.9), of(10, 0.999), of(10, 0.9991), of(10, 1)], [
    "tighten",
    "base",
    "base",
    "loosen",
    "loosen",
  ]);
  assertEquals([of(999, 1), of(1000, 1), of(1e7, 1), of(1e7, 0.5)], ["loosen", "base", "base", "tighten"]);
  assertEquals([of(100_000), of(100_001), of(3)], ["base", "tighten", "base"], "before there is an index");
});

Deno.test("tableClass() takes other thresholds", () => {
  assertEquals(tableClass({ rows: 10, homogenization: 0.89 }, { merged: 0.8 }), "base");
  assertEquals(tableClass({ rows: 10, homogenization: 0.95 }, { distinct: 0.94 }), "loosen");
  assertEquals(tableClass({ rows: 10, homogenization: 1 }, { few: 10 }), "base");
  assertEquals(tableClass({ rows: 10 }, { many: 9 }), "tighten");
});
