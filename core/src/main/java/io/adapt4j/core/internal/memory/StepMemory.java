package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.ActivationMemory;
import io.adapt4j.core.internal.nn.ActivationMemory.OfLayer;
import io.adapt4j.core.internal.nn.ActivationMemory.OfLoss;
import io.adapt4j.core.internal.nn.ActivationMemory.OfPass;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The most memory of a forward and backward pass: what the layers keep, the work of one layer, the
 * loss.
 *
 * @param windowMasks masks of [rows, length, length] that are made beforehand
 */
record StepMemory(ActivationMemory activations, Head head, long rotaryWidth, long windowMasks) {

  /**
   * An output layer over the vocabulary.
   *
   * @param vocabulary its outputs; 0 where there is no such layer
   */
  record Head(long vocabulary, long hidden) {}

  private static final String LAYER = "a layer at work";
  private static final String LOSS = "loss over the vocabulary";
  private static final String GAPS = "gaps of the forward pass";

  static final Head NO_HEAD = new Head(0, 0);

  /** Of a token that may be drawn: its score twice, its id and its weight. */
  private static final long DRAWING_BYTES = 3 * Integer.BYTES + Double.BYTES;

  /** Ids, masks and labels of a batch: as tensors and as Java arrays. */
  private static final long BATCH_BYTES = 6 * Long.BYTES;

  /**
   * Arrays in which tokens are drawn from the scores of some rows: the scores, and for one row at a
   * time them again with ids, tempered scores and weights.
   */
  long drawing(int rows) {
    return head.vocabulary() * (Float.BYTES * (long) rows + DRAWING_BYTES);
  }

  /**
   * The height of a pass with derivatives.
   *
   * @param passing of those that pass through the network at once
   */
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

  /** What the layers keep for their derivatives. */
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

  /** The height of a pass without derivatives: one layer at a time, then the loss. */
  List<MemoryItem> validation(StepShape shape, StepShape targets) {
    return passing(shape, loss(targets).evaluation(), largest(shape, OfLayer::inference));
  }

  /**
   * The height of the pass that reads prompts: logits are made of the last position alone, beside
   * what a layer has left free.
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
   * What comes and goes: a layer's own tensors and the loss exist one after the other, and what is
   * free is given back to the system between them.
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
