/** The bytes are no well-formed safetensors file; the message says what is wrong, what was met and what is wanted. */
export class SafetensorsError extends Error {
  /** Always `"SafetensorsError"`. */
  override readonly name = "SafetensorsError";
}
