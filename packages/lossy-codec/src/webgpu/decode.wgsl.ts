/**
 * Decoding: chunks are opened and checked, entropy-coded groups decoded, elements restored.
 *
 * Chunks may be anything. Indices from a chunk are compared with its length, or with what the descriptor promises, before they
 * are used, so that a chunk decodes to its own elements or to an error.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { HALF_SCOPE, hashScope, kernelOf, SCAN_SCOPE, STEP_SCOPE } from "./_parts.wgsl.ts";
import { CODER_WORKGROUP, INFO, INFO_WORDS, RESTORE_TILE, wgslConstants, WORKGROUP } from "./layout.ts";

type ByDtype = Readonly<Record<"f32" | "f16", WgslKernel>>;

const INFO_SCOPE = /* wgsl */ `
${wgslConstants(INFO, "I_")}
${wgslConstants({ TRUNCATED: 1, CHECKSUM: 2, CORRUPT: 3, UNSUPPORTED: 4, TABLE: 5 }, "E_")}
fn info_at(chunk: u32, name: u32) -> u32 { return chunk * ${INFO_WORDS}u + name; }`;

/**
 * Reads head, row map, escapes and lengths of groups of each chunk, one workgroup per chunk, and checks that sections fill the
 * chunk.
 *
 * `row_words` gets, each as long as there are rows: 0 the number of each row's stored row, 1 where each stored row is: number
 * among rows with codes, or these plus number among raw rows. `words` gets where the u16 of each group begin, and one more.
 */
export const openKernels: ByDtype = { f32: openKernel(false), f16: openKernel(true) };

function openKernel(half: boolean): WgslKernel {
  return kernelOf({
    label: `lossy-codec/decode.open[${half ? "f16" : "f32"}]`,
    parameters: ["chunks", "rows", "verify"],
    buffers: [
      ["source", "u32"],
      ["state", "atomic<u32>", "read-write"],
      ["info", "u32", "read-write"],
      ["row_words", "u32", "read-write"],
      ["words", "u32", "read-write"],
    ],
    scope: /* wgsl */ `
${INFO_SCOPE}
${SCAN_SCOPE}
${hashScope("_chunk", "select(source[(j)], 0u, (j) == first_word)").replace("at: u32,", "first_word: u32, at: u32,")}
${hashScope("_blocks", "words[(j)]")}
const ELEMENT_BYTES = ${half ? 2 : 4}u;
var<workgroup> w_error: atomic<u32>;

// Where sections begin, as indices of u32 in source, and what the head says.
struct Head {
  error: u32, coder: u32, dict: bool, checksum: bool, step: u32, unique: u32, escaped: u32, bits: u32, map: u32,
  bitmap: u32, codes: u32, groups: u32, symbols: u32, counts: u32, halves: u32, least: u32, width: u32, end: u32,
}

fn head_of(chunk: u32) -> Head {
  var h: Head;
  let src = field(chunk, SRC);
  let end = src + field(chunk, SRC_WORDS);
  let rows = field(chunk, ROWS);
  let d = field(chunk, D);
  let first = source[src];
  let second = source[src + 1u];
  let third = source[src + 2u];
  let flags = (first >> 8u) & 255u;
  h.end = end;
  h.coder = first & 255u;
  h.dict = (flags & 1u) != 0u;
  h.checksum = (flags & 16u) != 0u;
  h.step = first & 0xffff0000u;
  h.unique = (second >> 16u) + 1u;
  h.escaped = third & 0xffffu;
  let parameter = third >> 16u;
  if (h.coder > 5u || flags > 31u || h.checksum != ((field(chunk, FLAGS) & FLAG_CHECKSUM) != 0u) ||
    (second & 0xffffu) + 1u != rows || h.unique > rows) {
    h.error = E_CORRUPT;
    return h;
  }
  if (h.coder > CODER_ANS || (flags & 14u) != 0u) {
    h.error = E_UNSUPPORTED;
    return h;
  }
  if ((!h.dict && h.coder != CODER_CONST && h.unique != rows) ||
    (h.escaped > 0u && (h.coder <= CODER_CONST || h.escaped >= h.unique)) ||
    (h.coder == CODER_CONST && (h.dict || h.unique != 1u)) ||
    (h.coder > CODER_CONST && (h.step < 0x0d800000u || h.step >= 0x7f800000u))) {
    h.error = E_CORRUPT;
    return h;
  }
  h.map = src + 4u;
  var at = h.map;
  if (h.coder == CODER_CONST) {
    h.codes = at;
    h.halves = at;
    at += 1u;
  } else {
    if (h.dict) {
      let map_coder = parameter >> 8u;
      if (map_coder != CODER_PACK) {
        h.error = select(E_CORRUPT, E_UNSUPPORTED, map_coder == CODER_HUFF || map_coder == CODER_ANS);
        return h;
      }
      at += (rows * bits_for(h.unique) + 31u) / 32u;
    }
    h.bitmap = at;
    if (h.escaped > 0u) { at += (h.unique + 31u) / 32u; }
    h.codes = at;
    h.halves = at;
    let coded = select(h.unique - h.escaped, 0u, h.coder == CODER_RAW);
    if (h.coder == CODER_PACK) {
      h.bits = parameter & 255u;
      if (h.bits > 32u) {
        h.error = E_CORRUPT;
        return h;
      }
      // count * bits may not fit 32 bits.
      let count = coded * d;
      at += 1u + (count >> 5u) * h.bits + ((count & 31u) * h.bits + 31u) / 32u;
    } else if (h.coder >= CODER_HUFF) {
      let expected = field(chunk, HEAD);
      if (h.coder != (field(chunk, FLAGS) & 15u) || expected == 0u) {
        h.error = E_TABLE;
        return h;
      }
      let head_words = plan[expected];
      h.counts = at + head_words;
      if (h.counts + 1u > end) {
        h.error = E_TRUNCATED;
        return h;
      }
      for (var i = 0u; i < head_words; i++) {
        if ((source[at + i] & plan[expected + 2u + 2u * i]) != plan[expected + 1u + 2u * i]) {
          h.error = E_TABLE;
          return h;
        }
      }
      h.symbols = group_symbols(d, coded * d);
      h.groups = (coded * d + h.symbols - 1u) / h.symbols;
      let counts = source[h.counts];
      h.least = counts & 0xffffu;
      h.width = counts >> 16u;
      if (h.width > 2u) {
        h.error = E_CORRUPT;
        return h;
      }
      h.halves = h.counts + 1u + (h.groups * h.width + 3u) / 4u;
      if (h.halves > end) { h.error = E_TRUNCATED; }
      return h;
    }
  }
  if (at > end) {
    h.error = E_TRUNCATED;
    return h;
  }
  h.halves = at;
  return h;
}

// Words of a group.
fn group_length(h: Head, g: u32) -> u32 {
  if (g >= h.groups) { return 0u; }
  if (h.width == 0u) { return h.least; }
  if (h.width == 1u) { return h.least + ((source[h.counts + 1u + g / 4u] >> ((g & 3u) * 8u)) & 0xffu); }
  return h.least + ((source[h.counts + 1u + g / 2u] >> ((g & 1u) * 16u)) & 0xffffu);
}

fn map_value(h: Head, row: u32) -> u32 {
  let bits = bits_for(h.unique);
  let at = h.map + row * bits / 32u;
  let used = (row * bits) & 31u;
  var value = source[at] >> used;
  if (used + bits > 32u) { value |= source[at + 1u] << (32u - used); }
  return value & ((1u << bits) - 1u);
}`,
    body: /* wgsl */ `
  if (group_index >= p.chunks) { return; }
  let chunk = group_index;
  let rows = field(chunk, ROWS);
  let base = field(chunk, ROW_BASE);
  var h = head_of(chunk);
  var error = h.error;
  // Checksums of blocks.
  let src = field(chunk, SRC);
  let src_words = field(chunk, SRC_WORDS);
  let hashes = field(chunk, HASH_BASE);
  let blocks = (src_words + 1023u) / 1024u;
  if (h.checksum && p.verify != 0u) {
    for (var block = local; block < blocks; block += ${WORKGROUP}u) {
      words[hashes + block] =
        hash_chunk(src + 3u, src + 1024u * block, min(1024u, src_words - 1024u * block), 0u);
    }
  }
  storageBarrier();
  var damaged = false;
  if (local == 0u && h.checksum && p.verify != 0u) {
    damaged = hash_blocks(hashes, blocks, 4u * src_words) != source[src + 3u];
  }
  // Row map.
  var next = 0u;
  for (var block = 0u; block < rows; block += ${WORKGROUP}u) {
    let row = block + local;
    var value = 0u;
    if (row < rows && h.dict && h.error == 0u) { value = map_value(h, row); }
    let is_new = select(0u, 1u, row < rows && value == 0u);
    let before = next + scan(local, is_new) - is_new;
    if (row < rows) {
      if (h.dict && value > before) { error = max(error, E_CORRUPT); }
      row_words[base + row] = min(select(value - 1u, before, value == 0u), rows - 1u);
    }
    next += w_scan[${WORKGROUP - 1}u];
  }
  if (h.dict && next != h.unique) { error = max(error, E_CORRUPT); }
  // Escapes.
  let coded = select(h.unique - h.escaped, 0u, h.coder <= CODER_CONST);
  var escaped = 0u;
  for (var block = 0u; block < (rows + 31u) / 32u * 32u; block += ${WORKGROUP}u) {
    let stored = block + local;
    var escapes = 0u;
    if (h.escaped > 0u && h.error == 0u && stored < (h.unique + 31u) / 32u * 32u) {
      escapes = (source[h.bitmap + stored / 32u] >> (stored & 31u)) & 1u;
      if (stored >= h.unique && escapes != 0u) { error = max(error, E_CORRUPT); }
    }
    let before = escaped + scan(local, escapes) - escapes;
    if (stored < rows) {
      row_words[p.rows + base + stored] = min(select(stored - before, coded + before, escapes != 0u), rows - 1u);
    }
    escaped += w_scan[${WORKGROUP - 1}u];
  }
  if (h.escaped != escaped && h.error == 0u) { error = max(error, E_CORRUPT); }
  // Groups.
  let starts = field(chunk, WORDS_BASE);
  var halves = 0u;
  for (var block = 0u; block < field(chunk, GROUPS); block += ${WORKGROUP}u) {
    let g = block + local;
    var length = 0u;
    if (h.error == 0u) { length = group_length(h, g); }
    let behind = halves + scan(local, length);
    if (g < h.groups && g < field(chunk, GROUPS)) { words[starts + 1u + g] = 2u * h.halves + behind; }
    halves += w_scan[${WORKGROUP - 1}u];
  }
  let raw_rows = select(h.escaped, h.unique, h.coder == CODER_RAW);
  let raw = h.halves + (halves + 1u) / 2u;
  let raw_words = (raw_rows * field(chunk, D) * ELEMENT_BYTES + 3u) / 4u;
  if (h.error == 0u) {
    if (raw > h.end || raw_words > h.end - raw) { error = max(error, E_TRUNCATED); }
    else if (raw + raw_words != h.end) { error = max(error, E_CORRUPT); }
  }
  atomicMax(&w_error, error);
  workgroupBarrier();
  if (local == 0u) {
    atomicStore(&state[chunk], select(atomicLoad(&w_error), E_CHECKSUM, damaged));
    words[starts] = 2u * h.halves;
    info[info_at(chunk, I_CODER)] = h.coder;
    info[info_at(chunk, I_STEP)] = h.step;
    info[info_at(chunk, I_UNIQUE)] = h.unique;
    info[info_at(chunk, I_CODED)] = coded;
    info[info_at(chunk, I_CODES)] = h.codes;
    info[info_at(chunk, I_RAW)] = raw;
    info[info_at(chunk, I_BITS)] = h.bits;
    info[info_at(chunk, I_FLAGS)] = select(0u, 1u, h.dict) | select(0u, 2u, h.escaped > 0u);
    info[info_at(chunk, I_GROUPS)] = h.groups;
  }`,
  });
}

/** Decodes groups of symbols with the given table, one thread each. */
export const decodeKernel: WgslKernel = kernelOf({
  label: "lossy-codec/decode.groups",
  parameters: ["chunks", "groups"],
  threads: CODER_WORKGROUP,
  buffers: [
    ["source", "u32"],
    ["tables", "u32"],
    ["state", "atomic<u32>", "read-write"],
    ["info", "u32"],
    ["words", "u32"],
    ["codes", "i32", "read-write"],
  ],
  scope: /* wgsl */ `
${INFO_SCOPE}
var<private> at: u32;
var<private> end: u32;
var<private> x: u32;
var<private> held: i32;

fn next_half() -> u32 {
  let word = (source[at >> 1u] >> ((at & 1u) * 16u)) & 0xffffu;
  at += 1u;
  return word;
}

fn refill_ans() {
  if (x < 0x10000u && at < end) { x = (x << 16u) | next_half(); }
}

fn refill_bits() {
  if (held < 16 && at < end) {
    // Held may be below 0 only where the group has no word left.
    x |= next_half() << u32(max(held, 0));
    held += 16;
  }
}

fn take_bits(count: u32) -> u32 {
  let bits = x & ((1u << count) - 1u);
  x >>= count;
  held -= i32(count);
  return bits;
}`,
  body: /* wgsl */ `
  if (index >= p.groups) { return; }
  let chunk = chunk_at(index, GROUP_BASE);
  let g = index - field(chunk, GROUP_BASE);
  if (atomicLoad(&state[chunk]) != 0u || g >= info[info_at(chunk, I_GROUPS)]) { return; }
  let flags = field(chunk, FLAGS);
  let direct = (flags & FLAG_DIRECT) != 0u;
  let ans = (flags & 15u) == CODER_ANS;
  let d = field(chunk, D);
  let count = info[info_at(chunk, I_CODED)] * d;
  let symbols = group_symbols(d, count);
  let table = field(chunk, TABLE);
  let elements = field(chunk, ELEMENT_BASE);
  at = words[field(chunk, WORDS_BASE) + g];
  end = words[field(chunk, WORDS_BASE) + g + 1u];
  held = 0;
  x = 0u;
  if (ans) {
    if (end - at < 2u) {
      atomicMax(&state[chunk], E_CORRUPT);
      return;
    }
    x = next_half() << 16u;
    x |= next_half();
  }
  for (var i = g * symbols; i < min((g + 1u) * symbols, count); i++) {
    var z = 0u;
    if (ans) {
      let entry = tables[table + (x & 0xfffu)];
      x = ((entry >> 8u) & 0xfffu) * (x >> 12u) + (entry >> 20u);
      refill_ans();
      z = entry & 255u;
    } else {
      refill_bits();
      let entry = tables[table + (x & 0xfffu)];
      _ = take_bits(entry >> 8u);
      z = entry & 255u;
    }
    if (!direct && z >= 64u) {
      var bits = ((z >> 2u) - 12u) & 31u;
      var shift = 0u;
      z = (4u + (z & 3u)) << bits;
      if (bits > 16u) {
        if (ans) {
          z |= x & 0xffffu;
          x >>= 16u;
          refill_ans();
        } else {
          refill_bits();
          z |= take_bits(16u);
        }
        bits -= 16u;
        shift = 16u;
      }
      if (!ans) { refill_bits(); }
      z |= take_bits(bits) << shift;
      if (ans) { refill_ans(); }
    }
    codes[elements + i] = bitcast<i32>((z >> 1u) ^ (0u - (z & 1u)));
  }
  let whole = select(held >= 0 && held < 16, true, ans);
  if (x != 0u || at != end || !whole) { atomicMax(&state[chunk], E_CORRUPT); }`,
});

/** Restores elements: a u32 of output per thread and turn. */
export const restoreKernels: ByDtype = { f32: restoreKernel(false), f16: restoreKernel(true) };

function restoreKernel(half: boolean): WgslKernel {
  return kernelOf({
    label: `lossy-codec/decode.restore[${half ? "f16" : "f32"}]`,
    parameters: ["chunks", "rows", "tiles"],
    buffers: [
      ["source", "u32"],
      ["state", "atomic<u32>", "read-write"],
      ["info", "u32"],
      ["row_words", "u32"],
      ["codes", "i32"],
      ["destination", "u32", "read-write"],
    ],
    scope: /* wgsl */ `
${INFO_SCOPE}
${HALF_SCOPE}
${STEP_SCOPE}
fn raw_element(first: u32, i: u32) -> u32 {
  return ${half ? "(source[first + (i >> 1u)] >> ((i & 1u) * 16u)) & 0xffffu" : "source[first + i]"};
}

fn packed_code(first: u32, i: u32, bits: u32) -> i32 {
  if (bits == 0u) { return bitcast<i32>(source[first]); }
  // i * bits may not fit 32 bits.
  let bit = (i & 31u) * bits;
  let at = first + 1u + (i >> 5u) * bits + (bit >> 5u);
  let used = bit & 31u;
  var value = source[at] >> used;
  if (used + bits > 32u) { value |= source[at + 1u] << (32u - used); }
  if (bits < 32u) { value &= (1u << bits) - 1u; }
  return bitcast<i32>(value + source[first]);
}

fn element(chunk: u32, i: u32) -> u32 {
  let coder = info[info_at(chunk, I_CODER)];
  let flags = info[info_at(chunk, I_FLAGS)];
  if (coder == CODER_CONST) { return source[info[info_at(chunk, I_CODES)]] & ${half ? "0xffffu" : "0xffffffffu"}; }
  let d = field(chunk, D);
  var row = i / d;
  let column = i - row * d;
  if ((flags & 1u) != 0u) { row = row_words[field(chunk, ROW_BASE) + row]; }
  if (coder == CODER_RAW) { return raw_element(info[info_at(chunk, I_RAW)], row * d + column); }
  if ((flags & 2u) != 0u) { row = row_words[p.rows + field(chunk, ROW_BASE) + row]; }
  let coded = info[info_at(chunk, I_CODED)];
  if (row >= coded) { return raw_element(info[info_at(chunk, I_RAW)], (row - coded) * d + column); }
  var code = 0;
  if (coder == CODER_PACK) {
    code = packed_code(info[info_at(chunk, I_CODES)], row * d + column, info[info_at(chunk, I_BITS)]);
  } else {
    code = codes[field(chunk, ELEMENT_BASE) + row * d + column];
  }
  let step = info[info_at(chunk, I_STEP)];
  let most = i32(max_code(step));
  if (code > most || code < -most) {
    atomicMax(&state[chunk], E_CORRUPT);
    return 0u;
  }
  return ${half ? "single_to_half(multiple(code, step))" : "multiple(code, step)"};
}`,
    body: /* wgsl */ `
  if (group_index >= p.tiles) { return; }
  let chunk = chunk_at(group_index, TILE_BASE);
  if (atomicLoad(&state[chunk]) != 0u) { return; }
  let count = field(chunk, ROWS) * field(chunk, D);
  let first = (group_index - field(chunk, TILE_BASE)) * ${RESTORE_TILE}u;
  let dst = field(chunk, DST);
  for (var w = first + local; w < min(first + ${RESTORE_TILE}u, ${
      half ? "(count + 1u) / 2u" : "count"
    }); w += ${WORKGROUP}u) {
    ${
      half
        ? /* wgsl */ `
    let low = element(chunk, 2u * w);
    // The half behind the last element is not ours.
    var high = destination[dst + w] >> 16u;
    if (2u * w + 1u < count) { high = element(chunk, 2u * w + 1u); }
    destination[dst + w] = low | (high << 16u);`
        : "destination[dst + w] = element(chunk, w);"
    }
  }`,
  });
}
