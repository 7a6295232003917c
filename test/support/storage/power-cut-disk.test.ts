import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageKeys, sectorsOf } from '../../crash/image-keys.ts';
import { Random } from '../model-values.ts';
import { PowerCutDisk } from './power-cut-disk.ts';

const filled = (bytes: number, value: number): Uint8Array => new Uint8Array(bytes).fill(value);

function statesOf(disk: PowerCutDisk, rounds = 1): Uint8Array[] {
  return Array.from({ length: rounds }, (_, seed) => [...disk.states(new Random(seed), 40)]).flat();
}

test('what was synced is in every state of a disk', () => {
  const disk = new PowerCutDisk(filled(1000, 1));
  disk.apply({ kind: 'write', position: 500, bytes: filled(1000, 2) });
  disk.apply({ kind: 'sync' });
  disk.apply({ kind: 'write', position: 2000, bytes: filled(5000, 3) });
  for (const image of statesOf(disk, 20)) {
    assert.ok(image.length >= 1500);
    assert.ok(image.subarray(0, 500).every((byte) => byte === 1));
    assert.ok(image.subarray(500, 1500).every((byte) => byte === 2));
  }
});

test('of what was not synced there are states with all, with nothing, with either of two writes, and torn at 512 bytes', () => {
  const disk = new PowerCutDisk(filled(8192, 0));
  disk.apply({ kind: 'write', position: 0, bytes: filled(1024, 1) });
  disk.apply({ kind: 'write', position: 4096, bytes: filled(1024, 2) });
  const seen = new Set(
    statesOf(disk, 20).map((image) => [0, 512, 4096, 4608].map((at) => image[at]).join('')),
  );
  for (const wanted of ['0000', '1122', '1100', '0022', '0122', '1000', '1120'])
    assert.ok(seen.has(wanted), `no state ${wanted} among ${[...seen]}`);
});

test('a file that grew may have its new size without its data, and its data without its new size', () => {
  const disk = new PowerCutDisk(filled(100, 1));
  disk.apply({ kind: 'write', position: 50, bytes: filled(1000, 2) });
  const images = statesOf(disk, 20);
  assert.ok(images.some((image) => image.length === 1050 && image[60] === 1 && image[1000] === 0));
  assert.ok(images.some((image) => image.length === 100 && image[60] === 2));
});

test('a truncation that was not synced may have happened or not', () => {
  const disk = new PowerCutDisk(filled(100, 1));
  disk.apply({ kind: 'truncate', length: 10 });
  const lengths = new Set(statesOf(disk, 20).map((image) => image.length));
  assert.deepEqual([...lengths].sort(), [10, 100]);
});

test('two images have one key exactly if they are equal', () => {
  const random = new Random(5);
  const base = Uint8Array.from({ length: 5000 }, () => random.below(256));
  const keys = new ImageKeys(base);
  const byKey = new Map<string, Uint8Array>();
  const byBytes = new Map<string, string>();
  for (let i = 0; i < 2000; i++) {
    const image = new Uint8Array(4000 + random.below(3) * 1000);
    image.set(base.subarray(0, image.length));
    const at = random.below(3900);
    const bytes = random.below(4) === 0 ? 0 : 1 + random.below(3);
    for (let k = 0; k < bytes; k++) image[at + k] = random.below(4);
    const key = keys.keyOf(image, sectorsOf(at, bytes));
    assert.equal(
      key,
      new ImageKeys(image).keyOf(image, []),
      'the base that a key is made from does not matter',
    );
    const text = Buffer.from(image).toString('latin1');
    assert.equal(byBytes.get(text) ?? key, key);
    assert.deepEqual(byKey.get(key) ?? image, image);
    byKey.set(key, image);
    byBytes.set(text, key);
  }
});

test('images one after the other in the same memory are those that have memory of their own, and have the same keys', () => {
  const random = new Random(11);
  const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, () => 1 + random.below(255));
  const disk = new PowerCutDisk(bytesOf(9000));
  const keys = new ImageKeys(disk.certain);
  let length = 9000;
  for (let step = 0; step < 300; step++) {
    const sectors = disk.touched().flatMap(({ position, bytes }) => sectorsOf(position, bytes));
    if (random.chance(0.3)) {
      disk.apply({ kind: 'sync' });
      keys.rebase(disk.certain, sectors);
    } else if (random.chance(0.15)) {
      length = Math.floor(length * 0.8);
      disk.apply({ kind: 'truncate', length });
    } else {
      const bytes = bytesOf(1 + random.below(6000));
      const position = random.below(length + 100);
      disk.apply({ kind: 'write', position, bytes });
      length = Math.max(length, position + bytes.length);
    }
    const touched = disk.touched().flatMap(({ position, bytes }) => sectorsOf(position, bytes));
    const alone = disk.states(new Random(step), 10);
    for (const image of disk.statesInTurn(new Random(step), 10)) {
      assert.ok(Buffer.compare(image, alone.next().value!) === 0);
      assert.equal(keys.keyOf(image, touched), new ImageKeys(image).keyOf(image, []));
    }
    assert.equal(alone.next().done, true);
  }
});
