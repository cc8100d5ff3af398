import { kernelsWasm } from "./src/kernels/kernels_wasm.ts";
function decodeText(text: string) {
  const bytes: number[] = [];
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 35;
    if (digit < 90) bytes.push(high + digit - 6);
    high = digit < 90 ? 0 : (digit - 89) * 90;
  }
  return Uint8Array.from(bytes);
}
const m = new WebAssembly.Module(decodeText(kernelsWasm));
const e =
  new WebAssembly.Instance(m, { env: { memory: new WebAssembly.Memory({ initial: 8, maximum: 65536 }) } }).exports;
console.log(Object.entries(e).map(([k, v]) => `${(v as { name: string }).name}=${k}`).join(" "));
