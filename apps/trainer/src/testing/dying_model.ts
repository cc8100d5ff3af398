import { createDlrm } from "../model/dlrm.ts";
import type { ModelFactory } from "../run/model_factory.ts";

/** A DLRM that dies in the middle of a step. */
export function dyingIn(step: number): ModelFactory {
  return (order) => {
    const model = createDlrm(order);
    let now = order.startStep;
    const trainStep = model.trainStep.bind(model);
    model.trainStep = (...args) => {
      if (++now === step) throw new Error("the power went out");
      return trainStep(...args);
    };
    return model;
  };
}
