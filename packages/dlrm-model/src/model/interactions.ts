import type { Device } from "@pocketrec/compute";
import type { DlrmShape } from "../config.ts";
import { CatLayer } from "./cat_layer.ts";
import { CrossLayer, crossParameters } from "./cross_layer.ts";
import type { DenseParameters, ParameterSpec } from "./dense_parameters.ts";
import { DotLayer } from "./dot_layer.ts";
import type { InteractionLayer } from "./interaction_layer.ts";
import type { Capacity } from "./mlp.ts";

/** Parameters of the model's interaction; none but for `"dcn"`. */
export function interactionParameters(shape: DlrmShape): ParameterSpec[] {
  return shape.interaction === "dcn" ? crossParameters(shape) : [];
}

/** Makes the model's interaction. */
export function makeInteraction(
  device: Device,
  shape: DlrmShape,
  parameters: DenseParameters,
  capacity: Capacity,
): InteractionLayer {
  switch (shape.interaction) {
    case "dot":
      return new DotLayer(device, shape, capacity);
    case "cat":
      return new CatLayer(device, shape, capacity);
    case "dcn":
      return new CrossLayer(device, shape, parameters, capacity);
    default:
      shape.interaction satisfies never;
      throw new TypeError(`Cannot make interaction "${shape.interaction}": want dot, cat or dcn`);
  }
}
