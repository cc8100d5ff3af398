/**
 * Second half of encoding: entropy coding, and the chunks themselves.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { elementScope, hashScope, kernelOf, SCAN_SCOPE, STATE_SCOPE, STEP_SCOPE } from "./_parts.wgsl.ts";
import { CODER_WORKGROUP, PACKED, WORKGROUP } from "./layout.ts";
import { CHOICE_SCOPE } from "./quantise.wgsl.ts";

type ByDtype = Readonly<Record<"f32" | "f16", WgslKernel>>;

/** Codes of a chunk that has statistics, and what follows from them. */
const CODES_SCOPE = /* wgsl */ `
fn least_code(chunk: u32) -> i32 { return bitcast<i32>(~statistic(chunk, S_CODE_INVERTED) ^ 0x80000000u); }
fn greatest_code(chunk: u32) -> i32 { return bitcast<i32>(statistic(chunk, S_CODE) ^ 0x80000000u); }

// Whether codes may be coded by the given table, as far as is known before that is tried.
fn may_be_coded(chunk: u32) -> bool {
  let flags = field(chunk, FLAGS);
  return (flags & 15u) >= CODER_HUFF && field(chunk, UNIT) != 0u &&
    statistic(chunk, S_UNIQUE) > statistic(chunk, S_ESCAPED) &&
    ((flags & FLAG_DIRECT) == 0u || (least_code(chunk) >= -128 && greatest_code(chunk) <= 127));
}

// u32 of a group in words: first u16 and number of them, sum of those before, then the u16.
fn group_stride(symbols: u32, flags: u32) -> u32 {
  let each = select(3u, 1u, (flags & FLAG_DIRECT) != 0u);
  return 2u + (symbols * each + 3u) / 2u;
}`;

/**
 * Codes groups of symbols with the given table, one thread each: rANS backwards from the end of the group's words, Huffman
 * forwards from their beginning.
 */
export const codeKernel: WgslKernel = kernelOf({
  label: "lossy-codec/encode.code",
  parameters: ["chunks", "rows", "groups"],
  threads: CODER_WORKGROUP,
  buffers: [
    ["tables", "u32"],
    ["state", "atomic<u32>", "read-write"],
    ["codes", "i32"],
    ["row_words", "u32"],
    ["words", "u32", "read-write"],
  ],
  scope: /* wgsl */ `
${STATE_SCOPE}
${CODES_SCOPE}
var<private> base: u32;
var<private> at: u32;
var<private> pending: u32;
var<private> x: u32;

fn put_before(word: u32) {
  at -= 1u;
  if ((at & 1u) == 1u) { pending = word << 16u; } else { words[base + (at >> 1u)] = pending | word; }
}

fn put_behind(word: u32) {
  if ((at & 1u) == 0u) { pending = word; } else { words[base + (at >> 1u)] = pending | (word << 16u); }
  at += 1u;
}

fn shrink(limit_reached: bool) {
  if (limit_reached) { put_before(x & 0xffffu); x >>= 16u; }
}

fn token_of(z: u32, direct: bool) -> u32 {
  if (direct || z < 64u) { return z; }
  let e = firstLeadingBit(z);
  return 64u + (e - 6u) * 4u + ((z >> (e - 2u)) & 3u);
}

fn ans_bits(bits: u32, value: u32) {
  shrink((x >> (32u - bits)) != 0u);
  x = (x << bits) | (value & ((1u << bits) - 1u));
}`,
  body: /* wgsl */ `
  if (index >= p.groups) { return; }
  let chunk = chunk_at(index, GROUP_BASE);
  if (!may_be_coded(chunk)) { return; }
  let flags = field(chunk, FLAGS);
  let direct = (flags & FLAG_DIRECT) != 0u;
  let d = field(chunk, D);
  let count = (statistic(chunk, S_UNIQUE) - statistic(chunk, S_ESCAPED)) * d;
  let symbols = group_symbols(d, count);
  let begin = (index - field(chunk, GROUP_BASE)) * symbols;
  if (begin >= count) { return; }
  let end = min(begin + symbols, count);
  let stride = group_stride(symbols, flags);
  let head = field(chunk, WORDS_BASE) + (index - field(chunk, GROUP_BASE)) * stride;
  let capacity = (stride - 2u) * 2u;
  let row_list = 4u * p.rows + field(chunk, ROW_BASE);
  let elements = field(chunk, ELEMENT_BASE);
  let table = field(chunk, TABLE);
  let ans = (flags & 15u) == CODER_ANS;
  base = head + 2u;
  at = select(0u, capacity, ans);
  pending = 0u;
  x = 0u;
  var held = 0u;
  var pending_bits = 0u;
  var first = begin;
  var step = 1u;
  if (ans) { first = end - 1u; step = 0xffffffffu; }
  var rank = first / d;
  var column = first - rank * d;
  var row = elements + row_words[row_list + rank] * d;
  var coded = true;
  for (var i = begin; i < end; i++) {
    let code = codes[row + column];
    let z = bitcast<u32>((code << 1u) ^ (code >> 31u));
    let token = token_of(z, direct);
    let entry = tables[table + token];
    if (entry == 0u) { coded = false; break; }
    let raw_bits = select(0u, (token >> 2u) - 12u, !direct && token >= 64u);
    if (ans) {
      if (raw_bits > 16u) { ans_bits(raw_bits - 16u, z >> 16u); }
      if (raw_bits > 0u) { ans_bits(min(raw_bits, 16u), z); }
      let frequency = entry & 0xfffu;
      shrink(x >= (frequency << 20u));
      x += (x / frequency) * (4096u - frequency) + (entry >> 12u);
    } else {
      let length = (entry >> 16u) & 0xffu;
      pending_bits |= (entry & 0xffffu) << held;
      held += length;
      if (held >= 16u) { put_behind(pending_bits & 0xffffu); pending_bits >>= 16u; held -= 16u; }
      var raw = z;
      var left = raw_bits;
      if (left > 16u) {
        pending_bits |= (raw & 0xffffu) << held;
        put_behind(pending_bits & 0xffffu);
        pending_bits >>= 16u;
        raw >>= 16u;
        left -= 16u;
      }
      pending_bits |= (raw & ((1u << left) - 1u)) << held;
      held += left;
      if (held >= 16u) { put_behind(pending_bits & 0xffffu); pending_bits >>= 16u; held -= 16u; }
    }
    if (i + 1u == end) { break; }
    // On to the neighbouring symbol, maybe in the neighbouring row.
    column += step;
    if (column >= d) {
      rank += step;
      column = select(0u, d - 1u, ans);
      row = elements + row_words[row_list + rank] * d;
    }
  }
  if (!coded) {
    atomicMax(&state[state_at(chunk, S_UNCODED)], 1u);
    return;
  }
  var start = 0u;
  var length = 0u;
  if (ans) {
    put_before(x & 0xffffu);
    put_before(x >> 16u);
    if ((at & 1u) == 1u) { words[base + (at >> 1u)] = pending; }
    start = at;
    length = capacity - at;
  } else {
    if (held > 0u) { put_behind(pending_bits & 0xffffu); }
    if ((at & 1u) == 1u) { words[base + (at >> 1u)] = pending; }
    length = at;
  }
  words[head] = start | (length << 16u);
  atomicAdd(&state[state_at(chunk, S_GROUP_WORDS)], length);
  atomicMax(&state[state_at(chunk, S_GROUP_WORDS_MOST)], length);
  atomicMax(&state[state_at(chunk, S_GROUP_WORDS_INVERTED)], ~length);`,
});

/** Writes chunks, one workgroup each: every word by itself from what it stands for, then the checksum. */
export const writeKernels: ByDtype = { f32: writeKernel(false), f16: writeKernel(true) };

function writeKernel(half: boolean): WgslKernel {
  return kernelOf({
    label: `lossy-codec/encode.write[${half ? "f16" : "f32"}]`,
    parameters: ["chunks", "rows"],
    buffers: [
      ["source", "u32"],
      ["state", "atomic<u32>", "read-write"],
      ["codes", "i32"],
      ["row_words", "u32"],
      ["words", "u32", "read-write"],
      ["destination", "u32", "read-write"],
    ],
    scope: /* wgsl */ `
${STATE_SCOPE}
${elementScope(half)}
${STEP_SCOPE}
${CHOICE_SCOPE}
${CODES_SCOPE}
${SCAN_SCOPE}
${hashScope("_chunk", "destination[(j)]")}
${hashScope("_blocks", "words[(j)]")}
var<workgroup> w_before: atomic<u32>;

// Lengths in u32.
struct Layout {
  coder: u32, total: u32, unique: u32, escaped: u32, least: i32, bits: u32, map_bits: u32, map: u32, bitmap: u32,
  groups: u32, width: u32, head: u32, counts: u32, codes: u32,
}

fn layout_of(chunk: u32) -> Layout {
  var l: Layout;
  let rows = field(chunk, ROWS);
  let d = field(chunk, D);
  let flags = field(chunk, FLAGS);
  l.coder = CODER_RAW;
  l.total = 4u + (rows * d * ELEMENT_BYTES + 3u) / 4u;
  l.unique = rows;
  if ((flags & 15u) == CODER_RAW) { return l; }
  if (~statistic(chunk, S_BITS_INVERTED) == statistic(chunk, S_BITS)) {
    l.coder = CODER_CONST;
    l.total = 5u;
    l.unique = 1u;
    return l;
  }
  let unique = statistic(chunk, S_UNIQUE);
  let escaped = statistic(chunk, S_ESCAPED);
  if (field(chunk, UNIT) == 0u || escaped == unique) { return l; }
  let least = least_code(chunk);
  let greatest = greatest_code(chunk);
  if (escaped == 0u && least == greatest) {
    l.coder = CODER_CONST;
    l.total = 5u;
    l.unique = 1u;
    return l;
  }
  let count = (unique - escaped) * d;
  let bits = bits_for(u32(greatest - least));
  let map_bits = bits_for(unique);
  let map = select((rows * map_bits + 31u) / 32u, 0u, unique == rows);
  let bitmap = select((unique + 31u) / 32u, 0u, escaped == 0u);
  let shared_words = 4u + map + bitmap + (escaped * d * ELEMENT_BYTES + 3u) / 4u;
  let packed = 1u + (count * bits + 31u) / 32u;
  if (shared_words + packed <= l.total) {
    l.coder = CODER_PACK;
    l.total = shared_words + packed;
    l.codes = packed;
    l.bits = bits;
  }
  if (may_be_coded(chunk) && statistic(chunk, S_UNCODED) == 0u) {
    let symbols = group_symbols(d, count);
    let groups = (count + symbols - 1u) / symbols;
    let above = statistic(chunk, S_GROUP_WORDS_MOST) - ~statistic(chunk, S_GROUP_WORDS_INVERTED);
    let width = select(select(2u, 1u, above < 256u), 0u, above == 0u);
    let head = plan[field(chunk, HEAD)];
    let counts = 1u + (groups * width + 3u) / 4u;
    let coded = head + counts + (statistic(chunk, S_GROUP_WORDS) + 1u) / 2u;
    if (shared_words + coded <= l.total) {
      l.coder = flags & 15u;
      l.total = shared_words + coded;
      l.codes = coded;
      l.bits = 0u;
      l.groups = groups;
      l.width = width;
      l.head = head;
      l.counts = counts;
    }
  }
  if (l.coder != CODER_RAW) {
    l.unique = unique;
    l.escaped = escaped;
    l.least = least;
    l.map_bits = map_bits;
    l.map = map;
    l.bitmap = bitmap;
  }
  return l;
}

fn header_word(chunk: u32, l: Layout, w: u32) -> u32 {
  let checksum = select(0u, 16u, (field(chunk, FLAGS) & FLAG_CHECKSUM) != 0u);
  let dict = select(0u, 1u, l.map > 0u);
  switch w {
    case 0u: {
      var step = 0u;
      if (l.coder > CODER_CONST) { step = plan[step_index(chunk) + 1u] & 0xffff0000u; }
      return l.coder | ((dict | checksum) << 8u) | step;
    }
    case 1u: { return (field(chunk, ROWS) - 1u) | ((l.unique - 1u) << 16u); }
    case 2u: { return l.escaped | ((l.bits | ((dict * CODER_PACK) << 8u)) << 16u); }
    default: { return 0u; }
  }
}

fn map_value(chunk: u32, row: u32) -> u32 {
  let number = row_words[3u * p.rows + field(chunk, ROW_BASE) + row];
  return select(number + 1u, 0u, number >= 0x80000000u);
}

fn map_word(chunk: u32, l: Layout, w: u32) -> u32 {
  let rows = field(chunk, ROWS);
  var i = w * 32u / l.map_bits;
  let skip = w * 32u - i * l.map_bits;
  var word = map_value(chunk, i) >> skip;
  i++;
  for (var bit = l.map_bits - skip; bit < 32u && i < rows; bit += l.map_bits) {
    word |= map_value(chunk, i) << bit;
    i++;
  }
  return word;
}

fn bitmap_word(chunk: u32, l: Layout, w: u32) -> u32 {
  let base = field(chunk, ROW_BASE);
  var word = 0u;
  for (var i = 32u * w; i < min(32u * w + 32u, l.unique); i++) {
    word |= row_words[p.rows + base + row_words[base + i]] << (i & 31u);
  }
  return word;
}

// The code of stored symbol i, above the least.
fn packed_value(chunk: u32, l: Layout, i: u32) -> u32 {
  let d = field(chunk, D);
  let rank = i / d;
  let row = row_words[4u * p.rows + field(chunk, ROW_BASE) + rank];
  return u32(codes[field(chunk, ELEMENT_BASE) + row * d + i - rank * d] - l.least);
}

fn packed_word(chunk: u32, l: Layout, w: u32) -> u32 {
  let count = (l.unique - l.escaped) * field(chunk, D);
  var i = w * 32u / l.bits;
  let skip = w * 32u - i * l.bits;
  var word = packed_value(chunk, l, i) >> skip;
  i++;
  for (var bit = l.bits - skip; bit < 32u && i < count; bit += l.bits) {
    word |= packed_value(chunk, l, i) << bit;
    i++;
  }
  return word;
}

fn group_at(chunk: u32, g: u32) -> u32 {
  let d = field(chunk, D);
  let count = (statistic(chunk, S_UNIQUE) - statistic(chunk, S_ESCAPED)) * d;
  return field(chunk, WORDS_BASE) + g * group_stride(group_symbols(d, count), field(chunk, FLAGS));
}

// Words of a group above the least.
fn group_above(chunk: u32, l: Layout, g: u32) -> u32 {
  if (g >= l.groups) { return 0u; }
  return (words[group_at(chunk, g)] >> 16u) - ~statistic(chunk, S_GROUP_WORDS_INVERTED);
}

fn coded_half(chunk: u32, l: Layout, k: u32) -> u32 {
  if (k >= statistic(chunk, S_GROUP_WORDS)) { return 0u; }
  var low = 0u;
  var high = l.groups;
  while (high - low > 1u) {
    let middle = (low + high) >> 1u;
    if (words[group_at(chunk, middle) + 1u] <= k) { low = middle; } else { high = middle; }
  }
  let at = group_at(chunk, low);
  let position = (words[at] & 0xffffu) + k - words[at + 1u];
  return (words[at + 2u + (position >> 1u)] >> ((position & 1u) * 16u)) & 0xffffu;
}

fn coded_word(chunk: u32, l: Layout, w: u32) -> u32 {
  if (w < l.head) { return plan[field(chunk, HEAD) + 1u + w]; }
  let i = w - l.head;
  if (i == 0u) { return ~statistic(chunk, S_GROUP_WORDS_INVERTED) | (l.width << 16u); }
  if (i < l.counts) {
    var word = 0u;
    let each = 4u / l.width;
    for (var j = 0u; j < each; j++) {
      word |= group_above(chunk, l, (i - 1u) * each + j) << (j * 8u * l.width);
    }
    return word;
  }
  let k = 2u * (i - l.counts);
  return coded_half(chunk, l, k) | (coded_half(chunk, l, k + 1u) << 16u);
}

// Element i of the rows that escaped.
fn escaped_element(chunk: u32, l: Layout, i: u32) -> u32 {
  let d = field(chunk, D);
  let rank = i / d;
  if (rank >= l.escaped) { return 0u; }
  let row = row_words[5u * p.rows + field(chunk, ROW_BASE) + rank];
  return bitcast<u32>(codes[field(chunk, ELEMENT_BASE) + row * d + i - rank * d]);
}

fn raw_word(chunk: u32, w: u32) -> u32 {
  let word = source[field(chunk, SRC) + w];
  ${half ? "if (2u * w + 1u == field(chunk, ROWS) * field(chunk, D)) { return word & 0xffffu; }" : ""}
  return word;
}

fn const_word(chunk: u32) -> u32 {
  let bits = statistic(chunk, S_BITS);
  if (~statistic(chunk, S_BITS_INVERTED) == bits) { return bits; }
  let restored = multiple(least_code(chunk), plan[step_index(chunk) + 1u]);
  return ${half ? "single_to_half(restored)" : "restored"};
}

fn chunk_word(chunk: u32, l: Layout, word: u32) -> u32 {
  var w = word;
  if (w < 4u) { return header_word(chunk, l, w); }
  w -= 4u;
  if (l.coder == CODER_RAW) { return raw_word(chunk, w); }
  if (l.coder == CODER_CONST) { return const_word(chunk); }
  if (w < l.map) { return map_word(chunk, l, w); }
  w -= l.map;
  if (w < l.bitmap) { return bitmap_word(chunk, l, w); }
  w -= l.bitmap;
  if (w < l.codes) {
    if (l.coder != CODER_PACK) { return coded_word(chunk, l, w); }
    if (w == 0u) { return bitcast<u32>(l.least); }
    return packed_word(chunk, l, w - 1u);
  }
  w -= l.codes;
  ${
      half
        ? "return escaped_element(chunk, l, 2u * w) | (escaped_element(chunk, l, 2u * w + 1u) << 16u);"
        : "return escaped_element(chunk, l, w);"
    }
}`,
    body: /* wgsl */ `
  if (group_index >= p.chunks) { return; }
  let chunk = group_index;
  let l = layout_of(chunk);
  if (field(chunk, DST) == ${PACKED}u) {
    var before = 0u;
    for (var other = local; other < chunk; other += ${WORKGROUP}u) { before += layout_of(other).total; }
    atomicAdd(&w_before, before);
  }
  // Where each group's words begin among all.
  var begin = 0u;
  for (var block = 0u; block < field(chunk, GROUPS); block += ${WORKGROUP}u) {
    let g = block + local;
    var length = 0u;
    if (g < l.groups) { length = words[group_at(chunk, g)] >> 16u; }
    let behind = begin + scan(local, length);
    if (g < l.groups) { words[group_at(chunk, g) + 1u] = behind - length; }
    begin += w_scan[${WORKGROUP - 1}u];
  }
  storageBarrier();
  workgroupBarrier();
  let dst = select(field(chunk, DST), atomicLoad(&w_before), field(chunk, DST) == ${PACKED}u);
  for (var w = local; w < l.total; w += ${WORKGROUP}u) { destination[dst + w] = chunk_word(chunk, l, w); }
  storageBarrier();
  let hashes = field(chunk, HASH_BASE);
  let blocks = (l.total + 1023u) / 1024u;
  if ((field(chunk, FLAGS) & FLAG_CHECKSUM) != 0u) {
    for (var block = local; block < blocks; block += ${WORKGROUP}u) {
      words[hashes + block] = hash_chunk(dst + 1024u * block, min(1024u, l.total - 1024u * block), 0u);
    }
  }
  storageBarrier();
  if (local == 0u) {
    if ((field(chunk, FLAGS) & FLAG_CHECKSUM) != 0u) {
      destination[dst + 3u] = hash_blocks(hashes, blocks, 4u * l.total);
    }
    atomicStore(&state[chunk], 4u * l.total);
  }`,
  });
}
