/**
 * The pages of `--help`.
 *
 * @module
 */

/** Names of the commands. */
export const COMMANDS = ["compress", "decompress", "inspect", "bench"] as const;
/** Name of a command. */
export type Command = typeof COMMANDS[number];

const PROGRAM = "deno run --allow-read --allow-write jsr:@pocketrec/lossy-codec/cli";

const ARRAY = `Arrays
  <file>                 .npy (versions 1 to 3; f2, f4 or f8 in C order; big endian is converted), or bare little-endian
                         elements; - is the standard input
  --dtype f16|f32|f64    Type of bare elements; a name that ends in .f16, .f32 or .f64 tells it too
  --shape <2048x64>      Axes of bare elements [one axis]
`;

const STORING = `Storing
  --mode <name>          auto, raw, pack, huff, ans, dict, lorenzo, dict+pack, dict+huff, dict+ans, lorenzo+huff,
                         lorenzo+ans, vlz [auto: the smallest]
  --row-length <n>       Elements per row: what repeats as a whole [the last axis of 2 or more; else 64]
  --chunk-rows <n>       Rows per chunk [as many as have 131,072 elements, at least 32]
  --no-checksum          Store no checksums of chunks
`;

const COMMON = `  -q, --quiet            Only errors on the standard error
  --verbose              Stack traces on errors
  -h, --help             This page
`;

/** The page of the program. */
export const HELP: string = `Error-bounded lossy compression of float arrays

Usage
  ${PROGRAM} <command> <file> [flags]

Commands
  compress      An array to a .prlc file; every value stays within a bound
  decompress    And back
  inspect       What a file says of itself
  bench         Ratio, speed and error of an array under several bounds

<command> --help lists the flags.
Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM; no file is half-written.
`;

/** The pages of the commands. */
export const COMMAND_HELP: Readonly<Record<Command, string>> = {
  compress: `compress: an array to a file; every value stays within a bound

Usage
  compress <file> --abs|--rel|--pw-rel <error> | --lossless  [flags]

Bound: one of
  --abs <error>          |x - x^| <= error
  --rel <part>           |x - x^| <= part * (greatest - least value)
  --pw-rel <part>        |x - x^| <= part * |x|
  --lossless             Not a bit changes

${ARRAY}
${STORING}  --stream               Take bare elements as they come, for pipes without an end: a file of one axis; not with --rel

Output
  -o, --out <file>       Where to; - is the standard output [<file>.prlc]
  -f, --force            Replace a file that is there; write to a terminal
${COMMON}`,
  decompress: `decompress: a file to an array

Usage
  decompress <file.prlc> [flags]          - is the standard input

Output
  -o, --out <file>       Where to; - is the standard output [the name without .prlc]
  --format npy|raw       What to write [as the name ends: .npy, or .bin, .raw, .f16, .f32, .f64; else npy]
  --max-bytes <n>        Refuse to write more bytes of elements [2 GiB, or 1,024 times the length of the file]
  -f, --force            Replace a file that is there; write to a terminal
${COMMON}`,
  inspect: `inspect: what a file says of itself

Usage
  inspect <file.prlc> [flags]             - is the standard input

Flags
  --chunks               A line for each chunk
  --verify               Decode all chunks as well, and compare their checksums
  --json                 As JSON
${COMMON}`,
  bench: `bench: ratio, speed and error of an array under several bounds

Usage
  bench <file> [flags]

Bounds: any number of
  --abs <error>  --rel <part>  --pw-rel <part>  --lossless      [rel 0.05, 0.01, 1e-3, 1e-4, pw-rel 2^-8, lossless]

${ARRAY}
${STORING}
Measuring
  --seconds <n>          Time for each bound [1]; medians, one thread, at most the first 256 MiB
  --json                 As JSON
${COMMON}`,
};
