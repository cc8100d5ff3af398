import { assert, assertEquals, assertThrows } from "@std/assert";
import { RunError } from "../errors.ts";
import { CSV_HEADER, CsvSink } from "./csv.ts";
import type { MetricRow } from "./metric_row.ts";
import { TensorBoardSink } from "./tensorboard.ts";
import { crc32c, frameRecord } from "./tfrecord.ts";
import { onSmallDisk } from "../testing/small_disk.ts";
import { inFolder } from "../testing/in_folder.ts";

const TRAIN: MetricRow = { step: 10, epoch: 1, samples: 5120, split: "train", lr: 0.02, loss: 0.693 };
const VALID: MetricRow = { step: 300, epoch: 2, samples: 9999, split: "valid", loss: 0.5, auc: 0.75, accuracy: 0.8 };

Deno.test("crc32c() agrees with the vectors of RFC 3720, B.4", () => {
  const up = Uint8Array.from({ length: 32 }, (_, i) => i);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(up), 0x46dd794e);
  assertEquals(crc32c(up.toReversed()), 0x113fdb5c);
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test("frameRecord() masks the checksum as TensorFlow does", () => {
  // Header of every record of 24 bytes, as TensorFlow writes it (the version event).
  const header = [...frameRecord(new Uint8Array(24)).subarray(0, 12)];
  assertEquals(header, [0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
});

/** A reader written apart from the writer: bit-wise CRC, generic protobuf fields. */
function readEvents(bytes: Uint8Array): Map<number, unknown[]>[] {
  const crcMasked = (data: Uint8Array) => {
    let crc = ~0;
    for (const byte of data) {
      crc ^= byte;
      for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
    }
    crc = ~crc;
    return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  };
  const events: Map<number, unknown[]>[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    assertEquals(view.getUint32(at + 8, true), crcMasked(bytes.subarray(at, at + 8)));
    const payload = bytes.subarray(at + 12, at + 12 + length);
    assertEquals(view.getUint32(at + 12 + length, true), crcMasked(payload));
    events.push(readFields(payload));
    at += length + 16;
  }
  return events;
}

function readFields(bytes: Uint8Array): Map<number, unknown[]> {
  const fields = new Map<number, unknown[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    let value: unknown;
    if (wire === 0) value = varint();
    else if (wire === 1) [value, at] = [view.getFloat64(at, true), at + 8];
    else if (wire === 5) [value, at] = [view.getFloat32(at, true), at + 4];
    else {
      const length = varint();
      [value, at] = [bytes.subarray(at, at + length), at + length];
    }
    fields.set(tag >> 3, [...fields.get(tag >> 3) ?? [], value]);
  }
  return fields;
}

Deno.test("TensorBoardSink writes records that another reader understands", () =>
  inFolder((dir) => {
    const sink = new TensorBoardSink(dir, 7, () => 1_700_000_000_500);
    sink.write(TRAIN);
    sink.write(VALID);
    sink.close();
    const [file] = [...Deno.readDirSync(dir)];
    assert(file!.name.startsWith("events.out.tfevents.1700000000."));
    const [version, restart, train, valid] = readEvents(Deno.readFileSync(`${dir}/${file!.name}`));
    const decode = (value: unknown) => new TextDecoder().decode(value as Uint8Array);
    const scalars = (event: typeof train) =>
      Object.fromEntries((readFields(event!.get(5)![0] as Uint8Array).get(1) ?? []).map((v) => {
        const fields = readFields(v as Uint8Array);
        return [decode(fields.get(1)![0]), fields.get(2)![0]];
      }));
    assertEquals(version!.get(1), [1_700_000_000.5]);
    assertEquals(decode(version!.get(3)![0]), "brain.Event:2");
    assertEquals([restart!.get(2), readFields(restart!.get(7)![0] as Uint8Array).get(1)], [[8], [1]]);
    assertEquals(train!.get(2), [10]);
    assertEquals(scalars(train), {
      "Train/Loss": Math.fround(0.693),
      "Train/LearningRate": Math.fround(0.02),
      "Train/Epoch": 1,
    });
    assertEquals(valid!.get(2), [300]);
    assertEquals(scalars(valid)["Test/Acc"], Math.fround(0.8));
    assertEquals(scalars(valid)["mlperf-metrics-test/roc_auc"], 0.75);
  }));

Deno.test("CsvSink begins with the history and appends", () =>
  inFolder((dir) => {
    const path = `${dir}/metrics.csv`;
    Deno.writeTextFileSync(path, "what a killed run left behind\n1,2,3");
    const sink = new CsvSink(path, [TRAIN]);
    sink.write(VALID);
    sink.close();
    assertEquals(
      Deno.readTextFileSync(path),
      CSV_HEADER + "10,1,5120,train,0.02,0.693,,\n300,2,9999,valid,,0.5,0.75,0.8\n",
    );
  }));

Deno.test("CsvSink leaves no half line on a full disk", (t) =>
  onSmallDisk(t, 16, (dir) => {
    const sink = new CsvSink(`${dir}/metrics.csv`, []);
    const writeAll = () => {
      for (let step = 0; step < 10_000; step++) sink.write({ ...TRAIN, step });
    };
    assertThrows(writeAll, RunError, "metrics.csv as the disk is full");
    sink.close();
    const lines = Deno.readTextFileSync(`${dir}/metrics.csv`).split("\n");
    assertEquals(lines.at(-1), "");
    assert(lines.slice(1, -1).every((line) => line.endsWith(",1,5120,train,0.02,0.693,,")));
  }));
