/** Cuts text into lines; the last one needs no line feed. */
export class TextLineStream extends TransformStream<string, string> {
  /** Makes an empty stream. */
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
      flush(controller) {
        if (rest.length > 0) controller.enqueue(rest);
      },
    });
  }
}
