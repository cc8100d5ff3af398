/**
 * Errors that a caller of compute may want to catch. Wrong arguments are plain `TypeError` (type or shape) and
 * `RangeError` (value).
 *
 * @module
 */

/** A device cannot hold what was asked for: the message names the tensor, the bytes wanted and the bytes possible. */
export class DeviceMemoryError extends Error {
  /** The class, for messages and for callers across realms. */
  override readonly name = "DeviceMemoryError";
}

/** The GPU went away (driver reset, adapter unplugged, tab suspended); every tensor on it is gone too. */
export class DeviceLostError extends Error {
  /** The class, for messages and for callers across realms. */
  override readonly name = "DeviceLostError";
}

/** A kernel did not compile or a recorded command was invalid; the message starts with the kernel's label. */
export class KernelError extends Error {
  /** The class, for messages and for callers across realms. */
  override readonly name = "KernelError";
}
