package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.memory.ActivationMemory;
import io.adapt4j.core.internal.nn.memory.ActivationMemory.OfLayer;
import io.adapt4j.core.internal.nn.memory.ActivationMemory.OfLoss;
import io.adapt4j.core.internal.nn.memory.ActivationMemory.OfPass;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Peak memory of a forward and backward pass: activations saved for backward, the temporaries of
 * one layer, and the loss.
 *
 * @param windowMasks number of precomputed attention masks [rows, length, length]
 */
record StepMemory(ActivationMemory activations, Head head, long rotaryWidth, long windowMasks) {

  /** Output layer over the vocabulary. */
  record Head(long vocabulary, long hidden) {}

  private static final String LAYER = "a layer at work";
  private static final String LOSS = "loss over the vocabulary";
  private static final String GAPS = "gaps of the forward pass";

  static final Head NO_HEAD = new Head(0, 0);

  /** Bytes per candidate token in sampling: two copies of its logit, its id and its weight. */
  private static final long DRAWING_BYTES = 3 * Integer.BYTES + Double.BYTES;

  /** Bytes per position for ids, masks and labels, as tensors and as Java arrays. */
  private static final long BATCH_BYTES = 6 * Long.BYTES;

  /**
   * Returns the bytes of the arrays for sampling: the logits of all rows, and for one row at a time
   * a copy with ids, tempered logits and weights.
   */
  long drawing(int rows) {
    return head.vocabulary() * (Float.BYTES * (long) rows + DRAWING_BYTES);
  }

  /** Returns the peak of a forward and backward pass. */
  List<MemoryItem> training(
      StepShape shape, StepShape passing, StepShape targets, boolean scored, long gaps) {
    List<MemoryItem> items = new ArrayList<>();
    items.add(new MemoryItem("activations kept", kept(shape)));
    long loss = Math.max(loss(targets).training(), scored ? loss(targets).scoring() : 0);
    long layer = largest(passing, of -> Math.max(of.forward(), of.backward()));
    items.addAll(
        gaps > Math.max(loss, layer)
            ? List.of(around(shape), new MemoryItem(GAPS, gaps))
            : passing(shape, loss, layer));
    return items;
  }

  /** Returns the bytes of activations saved for backward. */
  long kept(StepShape shape) {
    return pass(shape).kept();
  }

  private OfPass pass(StepShape shape) {
    return activations.of(
        new ActivationMemory.Batch(shape.rows(), shape.length(), shape.type(), shape.recompute()));
  }

  private long largest(StepShape shape, ToLongFunction<OfLayer> bytes) {
    return pass(shape).layers().stream().mapToLong(bytes).max().orElse(0);
  }

  /** Returns the peak of an inference pass: one layer at a time, then the loss. */
  List<MemoryItem> validation(StepShape shape, StepShape targets) {
    return passing(shape, loss(targets).evaluation(), largest(shape, OfLayer::inference));
  }

  /**
   * Returns the peak of the prefill pass, which computes logits for the last position only, in
   * addition to the memory that a layer has freed.
   */
  List<MemoryItem> reading(StepShape shape) {
    long copies = shape.type() == DType.F32 ? 0 : Float.BYTES;
    long logits = shape.rows() * head.vocabulary() * (shape.type().bytes() + copies);
    return List.of(
        around(shape),
        new MemoryItem(LAYER, largest(shape, OfLayer::inference)),
        new MemoryItem(LOSS, bytes(head.hidden(), shape) + logits));
  }

  /**
   * Returns the temporary memory: a layer's temporaries and the loss do not exist at the same time,
   * and freed memory is returned to the system in between.
   */
  private List<MemoryItem> passing(StepShape shape, long loss, long layer) {
    return List.of(
        around(shape), loss > layer ? new MemoryItem(LOSS, loss) : new MemoryItem(LAYER, layer));
  }

  private MemoryItem around(StepShape shape) {
    return new MemoryItem("embeddings, positions and batch", pass(shape).outside() + batch(shape));
  }

  private long batch(StepShape shape) {
    long element = shape.type().bytes();
    long masks = windowMasks * shape.rows() * shape.length() * shape.length() * element;
    return shape.positions() * BATCH_BYTES + rotaryWidth * shape.positions() * element + masks;
  }

  private static long bytes(long width, StepShape shape) {
    return width * shape.positions() * shape.type().bytes();
  }

  private OfLoss loss(StepShape targets) {
    return head.vocabulary() == 0
        ? new OfLoss(0, 0, 0)
        : activations.loss(targets.positions(), targets.type());
  }
}
