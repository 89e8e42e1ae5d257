package io.adapt4j.core.plan;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.model.ActivationSketch.LayerSketch;
import io.adapt4j.core.model.ActivationSketch.Sketch;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The most memory of a forward and backward pass: at the end of the last layer's forward pass, in
 * the loss, or in a layer's derivative.
 *
 * @param sketch what the layers keep
 * @param head the output layer over the vocabulary
 * @param rotaryWidth cosines and sines a position, over all tables
 * @param windowMasks masks of [rows, length, length] that are made beforehand
 */
record StepMemory(Sketch sketch, Head head, long rotaryWidth, long windowMasks) {

  /**
   * An output layer over the vocabulary.
   *
   * @param vocabulary its outputs; 0 where there is no such layer
   * @param hidden its inputs
   * @param trains whether its weight has a gradient
   * @param capped whether its scores have a soft cap
   */
  record Head(long vocabulary, long hidden, boolean trains, boolean capped) {}

  /** Logits that exist at once, as in {@code VocabularyLoss}. */
  private static final long LOGITS = 1L << 24;

  private static final long FEWEST_ROWS = 16;

  /** Scores of attention that exist at once, and the fewest and most queries, as in the script. */
  private static final long SCORES = 1L << 21;

  private static final long FEWEST_QUERIES = 16;
  private static final long MOST_QUERIES = 128;

  /** Ids, masks and labels of a batch: as tensors and as Java arrays. */
  private static final long BATCH_BYTES = 6 * Long.BYTES;

  /** The height of the pass. */
  List<MemoryItem> training(StepShape shape) {
    long positions = shape.positions();
    long element = shape.type().bytes();
    long kept =
        sketch.layers().stream()
            .mapToLong(one -> one.input() + (shape.recompute() ? 0 : one.kept()))
            .sum();
    MemoryItem activations = new MemoryItem("activations kept", kept * positions * element);
    MemoryItem outside =
        new MemoryItem(
            "embeddings, positions and batch",
            sketch.outside() * positions * element + batch(shape));
    MemoryItem most =
        Stream.of(forward(shape), loss(shape, true), backward(shape))
            .max(Comparator.comparingLong(MemoryItem::bytes))
            .orElseThrow();
    return List.of(activations, outside, most);
  }

  /** The height of a pass without derivatives: one layer at a time, then the loss. */
  List<MemoryItem> validation(StepShape shape) {
    long positions = shape.positions();
    long element = shape.type().bytes();
    long layer =
        sketch.layers().stream()
            .mapToLong(
                one -> (one.input() + one.made()) * positions * element + blocks(one, shape, 3))
            .max()
            .orElse(0);
    MemoryItem outside =
        new MemoryItem(
            "embeddings, positions and batch",
            sketch.outside() * positions * element + batch(shape));
    MemoryItem worked = new MemoryItem("a layer's forward pass", layer);
    MemoryItem loss = loss(shape, false);
    return List.of(outside, worked.bytes() > loss.bytes() ? worked : loss);
  }

  private long batch(StepShape shape) {
    long element = shape.type().bytes();
    long masks = windowMasks * shape.rows() * shape.length() * shape.length() * element;
    return shape.positions() * BATCH_BYTES + rotaryWidth * shape.positions() * element + masks;
  }

  private MemoryItem forward(StepShape shape) {
    long most = 0;
    for (LayerSketch one : sketch.layers()) {
      long passing = one.made() - (shape.recompute() ? 0 : one.kept());
      most = Math.max(most, bytes(passing, shape) + blocks(one, shape, 3));
    }
    return new MemoryItem("a layer's forward pass", most);
  }

  private MemoryItem backward(StepShape shape) {
    long most = 0;
    for (LayerSketch one : sketch.layers()) {
      long floats = one.backwardFloats() * shape.positions() * Float.BYTES;
      long gradient = one.weightGradient() * shape.type().bytes();
      long derivative = bytes(one.backward(), shape) + floats + gradient + blocks(one, shape, 5);
      long again = shape.recompute() ? bytes(one.kept(), shape) : 0;
      long forward = bytes(one.made() - one.kept(), shape) + blocks(one, shape, 3);
      long worked = shape.recompute() ? again + Math.max(derivative, forward) : derivative;
      most = Math.max(most, worked);
    }
    return new MemoryItem("a layer's backward pass", most);
  }

  private static long bytes(long width, StepShape shape) {
    return width * shape.positions() * shape.type().bytes();
  }

  /** Scores of a block of queries and what is made from them, so many tensors of one size. */
  private static long blocks(LayerSketch layer, StepShape shape, int tensors) {
    long column = shape.rows() * layer.queryHeads() * shape.length();
    long fitting = SCORES / column / FEWEST_QUERIES * FEWEST_QUERIES;
    long queries = Math.min(MOST_QUERIES, Math.max(FEWEST_QUERIES, fitting));
    return column * Math.min(queries, shape.length()) * shape.type().bytes() * tensors;
  }

  /** Hidden states of the targets and their gradients, and the logits of a chunk. */
  private MemoryItem loss(StepShape shape, boolean gradients) {
    if (head.vocabulary() == 0) {
      return new MemoryItem("loss", 0);
    }
    long element = shape.type().bytes();
    long rows = Math.min(shape.positions(), Math.max(FEWEST_ROWS, LOGITS / head.vocabulary()));
    long states = shape.positions() * head.hidden() * element * (gradients ? 2 : 1);
    long weight = gradients && head.trains() ? head.vocabulary() * head.hidden() * element : 0;
    return new MemoryItem(
        "loss over the vocabulary", states + rows * head.vocabulary() * logitBytes(shape) + weight);
  }

  /**
   * Bytes a logit: itself, and its probability in fp32; where it is no fp32, its fp32 copy on the
   * way there; with a soft cap, two more on the way back.
   */
  private long logitBytes(StepShape shape) {
    int copies = shape.type() == DType.F32 ? 1 : 2;
    return shape.type().bytes() + (copies + (head.capped() ? 1 : 0)) * (long) Float.BYTES;
  }
}
