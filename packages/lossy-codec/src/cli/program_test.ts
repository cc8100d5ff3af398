/**
 * The command line from outside: files, pipes, exit codes.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compress, decompress, inspect } from "../../mod.ts";
import { DENO_ARGS, inFolder, namesIn, npyBytes, runProgram, succeed } from "./_test_program.ts";
import { readNpyHead } from "./npy.ts";

/** A table of 300 rows of 8 elements that repeat, in multiples of 1/64. */
const ROWS = 300, ROW_LENGTH = 8;
const X = Float32Array.from({ length: ROWS * ROW_LENGTH }, (_, i) => ((i >> 3) % 41 * 7 + i % 8) % 64 / 64 - 0.3);
const SHAPE = `(${ROWS}, ${ROW_LENGTH})`, NPY = npyBytes({ shape: SHAPE, data: X });

Deno.test("compress writes what compress() returns, chunk by chunk, for every kind of bound", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.npy`, NPY);
    const cases = [
      { flags: ["--rel", "0.01"], options: { bound: { rel: 0.01 } } },
      { flags: ["--abs=0.02", "--chunk-rows", "32"], options: { bound: { abs: 0.02 }, chunkRows: 32 } },
      { flags: ["--pw-rel", "0.01", "--mode", "huff"], options: { bound: { pwRel: 0.01 }, mode: "huff" } },
      {
        flags: ["--lossless", "--no-checksum", "--row-length", "24"],
        options: { bound: "lossless", checksum: false, rowLength: 24 },
      },
    ] as const;
    await Promise.all(cases.map(async ({ flags, options }, i) => {
      const { stderr } = await succeed(folder, "compress", "x.npy", "--out", `${i}.prlc`, ...flags);
      assertMatch(
        stderr,
        /^\d\.prlc: 9,600 bytes to [\d,]+, ratio \d+\.\d+, [a-z-]+.*, greatest error [\d.e-]+, \d+\.\d\d s\n$/,
      );
      assertEquals(
        await Deno.readFile(`${folder}/${i}.prlc`),
        compress(X, { rowLength: ROW_LENGTH, shape: [ROWS, ROW_LENGTH], ...options }),
      );
    }));
    assertEquals(namesIn(folder), ["0.prlc", "1.prlc", "2.prlc", "3.prlc", "x.npy"]);
  }));

Deno.test("compress and decompress lead from x.npy to x.npy.prlc and back to x.npy", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.npy`, NPY);
    await succeed(folder, "compress", "x.npy", "--lossless", "--quiet");
    await Deno.remove(`${folder}/x.npy`);
    const { stderr } = await succeed(folder, "decompress", "x.npy.prlc");
    assertStringIncludes(stderr, `f32 [${ROWS}, ${ROW_LENGTH}]`);
    const bytes = await Deno.readFile(`${folder}/x.npy`);
    assertEquals(new Float32Array(bytes.buffer, bytes.length - X.byteLength), X);
    assertStringIncludes(new TextDecoder().decode(bytes.subarray(10, 100)), `'shape': ${SHAPE}`);
    assertEquals(namesIn(folder), ["x.npy", "x.npy.prlc"]);
  }));

Deno.test("bare elements need a type, which the name or --dtype tells", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.f32`, new Uint8Array(X.buffer));
    await Deno.writeFile(`${folder}/x.bin`, new Uint8Array(X.buffer));
    const [named, typed, untyped, odd, misshapen] = await Promise.all([
      runProgram(folder, ["compress", "x.f32", "--rel", "0.01", "--shape", `${ROWS}x${ROW_LENGTH}`]),
      runProgram(folder, ["compress", "x.bin", "--rel", "0.01", "--dtype", "f64", "-o", "y.prlc"]),
      runProgram(folder, ["compress", "x.bin", "--rel", "0.01"]),
      runProgram(folder, ["compress", "-", "--rel", "0.01", "--dtype", "f64"], new Uint8Array(12)),
      runProgram(folder, ["compress", "x.f32", "--rel", "0.01", "--shape", "3x4", "-f", "-o", "z"]),
    ]);
    assertEquals([named.code, typed.code], [0, 0], named.stderr + typed.stderr);
    assertEquals(
      await Deno.readFile(`${folder}/x.f32.prlc`),
      compress(X, { bound: { rel: 0.01 }, rowLength: ROW_LENGTH, shape: [ROWS, ROW_LENGTH] }),
    );
    assertEquals(
      await Deno.readFile(`${folder}/y.prlc`),
      compress(new Float64Array(X.buffer), { bound: { rel: 0.01 } }),
    );
    assertEquals([untyped.code, untyped.stderr], [
      2,
      "error: Cannot read x.bin as nothing tells the type of its elements: want --dtype f16, f32 or f64\n",
    ]);
    assertEquals([odd.code, odd.stderr], [
      1,
      "error: Cannot read the standard input as f64: it has 12 bytes, want a multiple of 8\n",
    ]);
    assertEquals([misshapen.code, misshapen.stderr], [
      2,
      "error: Cannot use --shape 3x4 as x.f32 has 2400 elements: want as many\n",
    ]);
    await succeed(folder, "decompress", "x.f32.prlc", "--force", "-q");
    assertEquals((await Deno.readFile(`${folder}/x.f32`)).length, X.byteLength);
  }));

Deno.test("pipes: - is the standard input and output, and the bytes are those of files", () =>
  inFolder(async (folder) => {
    const packed = await runProgram(folder, ["compress", "-", "--rel", "0.01", "--chunk-rows", "64"], NPY);
    const options = { bound: { rel: 0.01 }, rowLength: ROW_LENGTH, chunkRows: 64, shape: [ROWS, ROW_LENGTH] };
    assertEquals([packed.code, packed.bytes], [0, compress(X, options)], packed.stderr);
    const [npy, raw] = await Promise.all([
      runProgram(folder, ["decompress", "-"], packed.bytes),
      runProgram(folder, ["decompress", "-", "--format", "raw"], packed.bytes),
    ]);
    const restored = new Uint8Array(decompress(packed.bytes).buffer as ArrayBuffer);
    assertEquals(raw.bytes, restored);
    assertEquals(npy.bytes.subarray(-restored.length), restored);
    assertEquals(npy.bytes[0], 0x93);
    assertEquals(namesIn(folder), []);
  }));

Deno.test("--stream compresses pipes as they come, and decompress takes what it wrote", () =>
  inFolder(async (folder) => {
    const flags = ["compress", "-", "--stream", "--dtype", "f32"], bytes = new Uint8Array(X.buffer);
    const packed = await runProgram(
      folder,
      [...flags, "--abs", "0.01", "--row-length", "8", "--chunk-rows", "64"],
      bytes,
    );
    assertEquals(packed.code, 0, packed.stderr);
    const restored = decompress(packed.bytes), { streamed, chunks } = inspect(packed.bytes);
    assertEquals([restored.length, streamed, chunks.length], [X.length, true, 5]);
    assertEquals(Math.max(...X.map((x, i) => Math.abs(x - restored[i]!))) <= 0.01, true);
    await Deno.writeFile(`${folder}/s.prlc`, packed.bytes);
    const [toFile, toPipe, ...refused] = await Promise.all([
      runProgram(folder, ["decompress", "s.prlc"]),
      runProgram(folder, ["decompress", "-", "--max-bytes", "9600"], packed.bytes),
      runProgram(folder, ["decompress", "-", "--max-bytes", "9599"], packed.bytes),
      runProgram(folder, [...flags, "--abs", "0.01"], bytes.subarray(0, 9)),
      runProgram(folder, [...flags, "--abs", "0.01"], NPY),
      runProgram(folder, [...flags, "--rel", "0.01"], bytes),
      runProgram(folder, [...flags, "--abs", "0.01", "--shape", "300x8"], bytes),
    ]);
    assertEquals([toFile.code, toPipe.code], [0, 0], toFile.stderr + toPipe.stderr);
    assertEquals(await Deno.readFile(`${folder}/s.npy`), toPipe.bytes);
    assertEquals(readNpyHead(toPipe.bytes, "s").shape, [X.length]);
    assertEquals(new Float32Array(toPipe.bytes.buffer, 128), restored);
    assertEquals(refused.map(({ code, stderr }) => [code, stderr]), [
      [
        1,
        "error: the standard input: Cannot decode 2400 elements or more: want at most 9599 bytes; --max-bytes allows more\n",
      ],
      [1, "error: Cannot read the standard input as f32: it has 9 bytes, want a multiple of 4\n"],
      [2, "error: Cannot stream the standard input as it is a NumPy file: want bare elements, or no --stream\n"],
      [2, "error: Cannot compress a stream with a bound relative to its range: want { abs } or { pwRel }\n"],
      [2, "error: Cannot use --shape with --stream as a stream has no axes\n"],
    ]);
  }));

Deno.test("big-endian NumPy files are converted, those with a wrong length refused", () =>
  inFolder(async (folder) => {
    const view = new DataView(new ArrayBuffer(X.byteLength));
    X.forEach((x, i) => view.setFloat32(4 * i, x));
    await Deno.writeFile(`${folder}/big.npy`, npyBytes({ descr: ">f4", shape: SHAPE, data: view }));
    await Deno.writeFile(`${folder}/short.npy`, NPY.subarray(0, -4));
    await Deno.writeFile(`${folder}/empty.npy`, npyBytes({ shape: "(0, 8)" }));
    await Deno.writeFile(`${folder}/text.npy`, new TextEncoder().encode("1.5 2.5"));
    const [big, empty, ...refused] = await Promise.all([
      runProgram(folder, ["compress", "big.npy", "--lossless"]),
      runProgram(folder, ["compress", "empty.npy", "--rel", "0.1"]),
      runProgram(folder, ["compress", "short.npy", "--lossless"]),
      runProgram(folder, ["compress", "text.npy", "--lossless"]),
      runProgram(folder, ["compress", "big.npy", "--lossless", "--dtype", "f32", "-o", "y"]),
    ]);
    assertEquals([big.code, empty.code], [0, 0], big.stderr + empty.stderr);
    assertEquals(decompress(await Deno.readFile(`${folder}/big.npy.prlc`)), X);
    assertEquals(decompress(await Deno.readFile(`${folder}/empty.npy.prlc`)).length, 0);
    assertEquals(refused.map(({ code, stderr }) => [code, stderr]), [
      [1, "error: Cannot read short.npy as 9596 bytes follow its header: want 9600 for f32 [300, 8]\n"],
      [1, "error: Cannot read text.npy as it does not begin with \\x93NUMPY\n"],
      [2, "error: Cannot use --dtype as big.npy tells its own: want neither --dtype nor --shape\n"],
    ]);
  }));

Deno.test("decompress and inspect refuse damaged files in one line, and leave nothing behind", () =>
  inFolder(async (folder) => {
    const good = compress(X, { bound: { rel: 0.01 }, rowLength: ROW_LENGTH, chunkRows: 64 });
    const flipped = good.slice(), bomb = compress(new Float32Array(2 ** 20), { bound: "lossless" });
    flipped[good.length - 9]! ^= 1;
    const files = { cut: good.subarray(0, -1), flipped, other: NPY, longer: new Uint8Array([...good, 0]), bomb };
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${folder}/${name}.prlc`, bytes);
    const before = namesIn(folder);
    const runs = await Promise.all([
      runProgram(folder, ["decompress", "cut.prlc"]),
      runProgram(folder, ["decompress", "flipped.prlc"]),
      runProgram(folder, ["decompress", "other.prlc"]),
      runProgram(folder, ["decompress", "longer.prlc"]),
      runProgram(folder, ["decompress", "bomb.prlc", "--max-bytes", "1e6"]),
      runProgram(folder, ["inspect", "cut.prlc"]),
      runProgram(folder, ["inspect", "flipped.prlc", "--verify"]),
    ]);
    for (const { code, stderr } of runs) {
      assertEquals(code, 1, stderr);
      assertMatch(stderr, /^error: \w+\.prlc: [^\n]+\n$/);
    }
    assertStringIncludes(runs[1]!.stderr, "checksum");
    assertStringIncludes(runs[2]!.stderr, 'want "PRLC"');
    assertStringIncludes(runs[4]!.stderr, "want at most 1000000; --max-bytes allows more");
    assertEquals(namesIn(folder), before);
  }));

Deno.test("an output that is there is kept without --force, and replaced as a whole with it", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.npy`, NPY);
    await Deno.writeTextFile(`${folder}/target`, "precious");
    await Deno.symlink("target", `${folder}/x.npy.prlc`);
    await Deno.mkdir(`${folder}/folder`);
    const [kept, intoFolder, nowhere] = await Promise.all([
      runProgram(folder, ["compress", "x.npy", "--lossless"]),
      runProgram(folder, ["compress", "x.npy", "--lossless", "-f", "-o", "folder"]),
      runProgram(folder, ["compress", "x.npy", "--lossless", "-o", "missing/y"]),
    ]);
    assertEquals([kept, intoFolder, nowhere].map(({ code, stderr }) => [code, stderr]), [
      [1, "error: Cannot write x.npy.prlc as it is there already: want --force, or --out <another>\n"],
      [1, "error: Cannot write folder as it is a folder\n"],
      [1, "error: Cannot write missing/y as there is no such file or folder\n"],
    ]);
    assertEquals(await Deno.readTextFile(`${folder}/target`), "precious");
    await succeed(folder, "compress", "x.npy", "--lossless", "--force");
    assertEquals(decompress(await Deno.readFile(`${folder}/target`)), X);
    assert(Deno.lstatSync(`${folder}/x.npy.prlc`).isSymlink);
    // A device is written to, never replaced.
    await succeed(folder, "compress", "x.npy", "--lossless", "-o", "/dev/null");
    assert(!Deno.lstatSync("/dev/null").isFile);
    assertEquals(namesIn(folder), ["folder", "target", "x.npy", "x.npy.prlc"]);
  }));

Deno.test("wrong usage exits with 2 and one line that names what is near", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.npy`, NPY);
    await Deno.writeFile(`${folder}/x.prlc`, compress(X, { bound: "lossless" }));
    const cases: [string, string][] = [
      ["", "Cannot do nothing: want compress, decompress, inspect, bench or --help"],
      ["compres x.npy", 'Cannot run "compres" as no such command is known: did you mean compress?'],
      ["compress", "Cannot compress nothing: want compress <file>, or - for the standard input"],
      ["compress x.npy", "Cannot compress with no bound: want one of --abs, --rel, --pw-rel and --lossless"],
      [
        "compress x.npy --abs 1 --rel 1",
        "Cannot compress with two bounds: want one of --abs, --rel, --pw-rel and --lossless",
      ],
      ["compress x.npy --abs -1", "Cannot use --abs -1: want a finite number, 0 or more"],
      ["compress x.npy --rell 1", "Cannot use --rell with compress as no such flag is known: did you mean --rel?"],
      ["compress x.npy --abs 1 --mode hufff", "Cannot use --mode hufff: did you mean huff?"],
      ["compress x.npy --abs 1 --row-length 0", "Cannot use --row-length 0: want a whole number, 1 or more"],
      [
        "compress x.npy --abs 1 --chunk-rows 65537",
        "Cannot compress with chunkRows 65537: want a whole number from 1 to 65536",
      ],
      ["compress x.npy --abs 1 --dtype f8", "Cannot use --dtype f8: want f16, f32 or f64"],
      ["decompress x.npy", "Cannot name the output of x.npy as it does not end in .prlc: want --out <file>"],
      ["decompress x.prlc --format csv", "Cannot use --format csv: want npy or raw"],
      ["inspect x.prlc y.prlc", 'Cannot inspect "y.prlc" too: want one file, have "x.prlc"'],
      ["bench x.npy --seconds 0", "Cannot use --seconds 0: want a number above 0"],
    ];
    const runs = await Promise.all(cases.map(([line]) => runProgram(folder, line.split(" ").filter(Boolean))));
    assertEquals(
      runs.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
      cases.map(([, message]) => [2, "", `error: ${message}\n`]),
    );
  }));

Deno.test("failures exit with 1 and one line; --verbose adds a trace", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.prlc`, compress(X, { bound: "lossless" }));
    const [missing, folderRead, wrongName, traced] = await Promise.all([
      runProgram(folder, ["compress", "missing.npy", "--abs", "1"]),
      runProgram(folder, ["inspect", "."]),
      runProgram(folder, ["decompress", "x.prlc", "-o", "x.f64"]),
      runProgram(folder, ["inspect", "missing", "--verbose"]),
    ]);
    assertEquals([missing, folderRead, wrongName].map(({ code, stderr }) => [code, stderr]), [
      [1, "error: Cannot read missing.npy as there is no such file or folder\n"],
      [1, "error: Cannot read . as it is a folder\n"],
      [1, "error: Cannot write x.f64 as the elements are f32: want --out with another ending\n"],
    ]);
    assertEquals(traced.code, 1);
    assertMatch(traced.stderr, /RunError: Cannot read missing[^]*\n\s+at [^]*caused by /);
  }));

Deno.test("inspect tells header, modes and chunks, as text and as JSON", () =>
  inFolder(async (folder) => {
    const file = compress(X, {
      bound: { rel: 0.01 },
      rowLength: ROW_LENGTH,
      chunkRows: 128,
      shape: [ROWS, ROW_LENGTH],
    });
    await Deno.writeFile(`${folder}/x.prlc`, file);
    const [text, json] = await Promise.all([
      succeed(folder, "inspect", "x.prlc", "--chunks", "--verify"),
      succeed(folder, "inspect", "x.prlc", "--json", "--chunks"),
    ]);
    for (const line of [/^file +x\.prlc, [\d,]+ bytes, format 1$/m, /^elements +f32 \[300, 8\], 2,400 elements$/m]) {
      assertMatch(text.stdout, line);
    }
    assertMatch(text.stdout, /^ratio +\d+\.\d\d$/m);
    assertMatch(text.stdout, /^bound +rel 0\.01, of this array 0\.009\d+$/m);
    assertMatch(text.stdout, /^checksums +yes; all chunks decode$/m);
    assertEquals(text.stdout.split("\n\n")[1]!.trimEnd().split("\n").length, 4);
    const info = JSON.parse(json.stdout);
    assertEquals([info.dtype, info.shape, info.chunkCount, info.bytes], ["f32", [ROWS, ROW_LENGTH], 3, file.length]);
    assertEquals(info.chunks.map(({ rows }: { rows: number }) => rows), [128, 128, 44]);
    assertEquals(Object.values<number>(info.modes).reduce((a, b) => a + b), 3);
  }));

Deno.test("bench measures errors itself, under the bounds that are asked for", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.npy`, NPY);
    const bounds = ["--abs", "0.1", "--rel", "0.01", "--pw-rel", "0.125", "--lossless"];
    const [text, json] = await Promise.all([
      succeed(folder, "bench", "x.npy", "--seconds", "0.01", "--abs", "0.1"),
      succeed(folder, "bench", "x.npy", "--seconds", "0.01", "--json", ...bounds),
    ]);
    assertMatch(
      text.stdout,
      /^x\.npy, f32, 9,600 bytes\n\nbound +ratio .*\nabs 0\.1 +\d+\.\d+ +\d+\.\d+ +\d+\.\d+ .* 0\n$/,
    );
    const { rows } = JSON.parse(json.stdout);
    assertEquals(rows.map(({ bound }: { bound: string }) => bound), [
      "abs 0.1",
      "rel 0.01",
      "pw-rel 0.125",
      "lossless",
    ]);
    for (const { maxError, allowed, violations, encode, decode, ratio } of rows) {
      assert(maxError <= allowed && violations === 0 && encode > 0 && decode > 0 && ratio > 1);
    }
    assert(rows[0].maxError > 0.01 && rows[3].maxError === 0);
  }));

Deno.test("--help shows a page for the program and for each command, which names every flag", async () => {
  const pages = await Promise.all(
    [["--help"], ["compress", "-h"], ["decompress", "--help"], ["bench", "x", "--help"]].map(
      (args) => succeed(".", ...args),
    ),
  );
  for (const { stdout } of pages) {
    assert(stdout.split("\n").every((line) => line.length <= 120) && stdout.includes("Usage"));
  }
  assertStringIncludes(pages[1]!.stdout, "--chunk-rows");
});

Deno.test({
  name: "Ctrl-C during compression exits with 130 and leaves no file",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const noise = new Uint32Array(2 ** 22);
      for (let i = 0, state = 1; i < noise.length; i++) {
        noise[i] = (state = Math.imul(state, 0x9e3779b1) + 12345) >>> 9 | 0x3f800000;
      }
      for (let part = 0; part < 6; part++) {
        await Deno.writeFile(`${folder}/x.f32`, new Uint8Array(noise.buffer), { append: true });
      }
      const child = new Deno.Command(Deno.execPath(), {
        args: [...DENO_ARGS, "compress", "x.f32", "--abs", "1e-5"],
        cwd: folder,
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const output = child.output();
      while (!namesIn(folder).some((name) => name.endsWith(".tmp"))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      child.kill("SIGINT");
      const { code, stderr } = await output;
      assertEquals([code, new TextDecoder().decode(stderr)], [130, ""]);
      assertEquals(namesIn(folder), ["x.f32"]);
    }),
});
