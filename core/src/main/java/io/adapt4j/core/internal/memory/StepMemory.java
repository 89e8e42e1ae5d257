package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.ActivationSketch.LayerSketch;
import io.adapt4j.core.internal.nn.ActivationSketch.Sketch;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * The most memory of a forward and backward pass: what the layers keep, the work of one layer, the
 * loss.
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

  private static final String LAYER = "a layer at work";
  private static final String LOSS = "loss over the vocabulary";
  private static final String GAPS = "gaps of the forward pass";

  static final Head NO_HEAD = new Head(0, 0, false, false);

  /** Logits that exist at once, as in {@code VocabularyLoss}. */
  private static final long LOGITS = 1L << 24;

  private static final long FEWEST_ROWS = 16;

  /** Scores of attention that exist at once, and the fewest and most queries, as in the script. */
  private static final long SCORES = 1L << 21;

  private static final long FEWEST_QUERIES = 16;
  private static final long MOST_QUERIES = 128;

  /** Of a token that may be drawn: its score twice, its id and its weight. */
  private static final long DRAWING_BYTES = 3 * Integer.BYTES + Double.BYTES;

  /** Ids, masks and labels of a batch: as tensors and as Java arrays. */
  private static final long BATCH_BYTES = 6 * Long.BYTES;

  int layers() {
    return sketch.layers().size();
  }

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
   * @param shape of all sequences of the batch, whose activations are kept
   * @param passing of those that pass through the network at once
   * @param targets of the positions that the loss is taken of
   * @param scored whether log-probabilities and entropies are taken before the loss, as
   *     reinforcement learning does
   * @param gaps between what the layers keep, at the end of the forward pass; they are given back
   *     before the loss and the backward pass
   */
  List<MemoryItem> training(
      StepShape shape, StepShape passing, StepShape targets, boolean scored, long gaps) {
    List<MemoryItem> items = new ArrayList<>();
    items.add(new MemoryItem("activations kept", kept(shape)));
    long loss = Math.max(loss(targets, true), scored ? scores(targets) : 0);
    long layer = Math.max(forward(passing), backward(passing));
    items.addAll(
        gaps > Math.max(loss, layer)
            ? List.of(around(shape), new MemoryItem(GAPS, gaps))
            : passing(shape, loss, layer));
    return items;
  }

  /** What the layers keep for their derivatives. */
  long kept(StepShape shape) {
    long widths =
        sketch.layers().stream()
            .mapToLong(layer -> layer.input() + (shape.recompute() ? 0 : layer.kept()))
            .sum();
    return bytes(widths, shape);
  }

  /** The height of a pass without derivatives: one layer at a time, then the loss. */
  List<MemoryItem> validation(StepShape shape, StepShape targets) {
    return passing(shape, loss(targets, false), undifferentiated(shape));
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
        new MemoryItem(LAYER, undifferentiated(shape)),
        new MemoryItem(LOSS, bytes(head.hidden(), shape) + logits));
  }

  private long undifferentiated(StepShape shape) {
    return sketch.layers().stream()
        .mapToLong(
            layer ->
                bytes(layer.input() + layer.made(), shape)
                    + copies(layer.forwardCopies(), shape)
                    + blocks(layer, shape, 3))
        .max()
        .orElse(0);
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
    return new MemoryItem(
        "embeddings, positions and batch", bytes(sketch.outside(), shape) + batch(shape));
  }

  private long batch(StepShape shape) {
    long element = shape.type().bytes();
    long masks = windowMasks * shape.rows() * shape.length() * shape.length() * element;
    return shape.positions() * BATCH_BYTES + rotaryWidth * shape.positions() * element + masks;
  }

  /** The end of a layer's forward pass. */
  private long forward(StepShape shape) {
    long most = 0;
    for (LayerSketch layer : sketch.layers()) {
      long passing = layer.made() - (shape.recompute() ? 0 : layer.kept());
      most =
          Math.max(
              most,
              bytes(passing, shape)
                  + copies(layer.forwardCopies(), shape)
                  + blocks(layer, shape, 3));
    }
    return most;
  }

  private long backward(StepShape shape) {
    long most = 0;
    for (LayerSketch layer : sketch.layers()) {
      long floats = floats(layer.backwardFloats(), shape) + copies(layer.backwardCopies(), shape);
      long gradient = layer.weightGradient() * shape.type().bytes();
      long derivative =
          bytes(layer.backward(), shape) + floats + gradient + blocks(layer, shape, 5);
      long again = shape.recompute() ? bytes(layer.kept(), shape) : 0;
      long forward = bytes(layer.made() - layer.kept(), shape) + blocks(layer, shape, 3);
      long worked = shape.recompute() ? again + Math.max(derivative, forward) : derivative;
      most = Math.max(most, worked);
    }
    return most;
  }

  private static long floats(long width, StepShape shape) {
    return width * shape.positions() * Float.BYTES;
  }

  /** Copies in fp32, which fp32 itself does without. */
  private static long copies(long width, StepShape shape) {
    return shape.type() == DType.F32 ? 0 : floats(width, shape);
  }

  private static long bytes(long width, StepShape shape) {
    return width * shape.positions() * shape.type().bytes();
  }

  /**
   * Scores of a block of queries and what is made from them, so many tensors of one size: as many
   * queries as fit {@link #SCORES}, within limits.
   */
  private static long blocks(LayerSketch layer, StepShape shape, int tensors) {
    long column = shape.rows() * layer.queryHeads() * shape.length();
    long scores = Math.min(MOST_QUERIES * column, Math.max(SCORES, FEWEST_QUERIES * column));
    return Math.min(scores, column * shape.length()) * shape.type().bytes() * tensors;
  }

  /** Targets whose logits exist at once. */
  private long chunk(StepShape shape) {
    return Math.min(shape.positions(), Math.max(FEWEST_ROWS, LOGITS / head.vocabulary()));
  }

  /** Log-probabilities of a chunk, their exponentials, and the product of both. */
  private long scores(StepShape shape) {
    return bytes(head.hidden(), shape) + chunk(shape) * head.vocabulary() * 3L * Float.BYTES;
  }

  /** Hidden states of the targets and their gradients, and the logits of a chunk. */
  private long loss(StepShape shape, boolean gradients) {
    if (head.vocabulary() == 0) {
      return 0;
    }
    long element = shape.type().bytes();
    long states = shape.positions() * head.hidden() * element * (gradients ? 2 : 1);
    long weight = gradients && head.trains() ? head.vocabulary() * head.hidden() * element : 0;
    return states + chunk(shape) * head.vocabulary() * logitBytes(shape) + weight;
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
