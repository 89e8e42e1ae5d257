package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The operators of a transformer, recorded for backward if there is a tape.
 *
 * <p>Shapes: B rows, T positions, H query heads, K key/value heads, D entries per head. The result
 * of an operator belongs to the scope open at the call; for backward it saves only what its comment
 * names.
 *
 * <p>Operators and their backward functions are in the superclass of their kind; this class has
 * those that depend on the pass: random ones and checkpoints. Operators of other modules record
 * themselves ({@link #record}).
 */
public final class Ops extends AttentionOps {

  private static final Operator UNIFORM_NOISE = Operator.core("uniform_noise");
  private static final Operator DROPOUT_MASK = Operator.core("dropout_mask");
  private static final Operator MULTIPLY = Operator.core("multiply");

  // Places of adapter dropout count up from 0; noise on embeddings has place -1.
  private static final long EMBEDDING = -2;
  private static final long HEAD_INPUT = -3;
  private static final long CLASSIFIER = -4;
  private static final long FIRST_LAYER = -8;
  private static final long PLACES_OF_LAYER = 8;
  private static final long ATTENTION_OUTPUT = 1;
  private static final long INNER = 2;
  private static final long MLP_OUTPUT = 3;
  private static final long POSITIONS = 4;

  /** Positions of a tile; sequences of two or more are divided. */
  private static final int TILE = 2048;

  private final long seed;
  private final boolean recomputing;
  private final DropoutRates rates;
  private final int layer;

  /** Whether intermediates are dropped and recomputed for backward. */
  private final boolean recomputed;

  private Ops(
      Tape tape,
      long seed,
      boolean recomputing,
      DropoutRates rates,
      int layer,
      boolean recomputed) {
    super(tape);
    this.seed = seed;
    this.recomputing = recomputing;
    this.rates = rates;
    this.layer = layer;
    this.recomputed = recomputed;
  }

  /** Creates operators for inference: nothing is recorded, and dropout is off. */
  public static Ops inference() {
    return new Ops(null, 0, false, DropoutRates.NONE, 0, false);
  }

  public static Ops recording(Tape tape, long seed) {
    return new Ops(tape, seed, false, DropoutRates.NONE, 0, false);
  }

  /** Returns operators of the same pass with a model's dropout. Without a tape there is none. */
  public Ops dropping(DropoutRates where) {
    return tape == null || where.equals(rates)
        ? this
        : new Ops(tape, seed, recomputing, where, layer, recomputed);
  }

  /** Returns operators of the same pass for a layer, with its own dropout masks. */
  public Ops inLayer(int index) {
    return rates.any() ? new Ops(tape, seed, recomputing, rates, index, recomputed) : this;
  }

  /**
   * {@return whether a checkpoint is being recomputed for the gradient alone, so that the values of
   * its output are not needed}
   */
  public boolean isRecomputing() {
    return recomputing;
  }

  /**
   * Adds uniform noise. Does nothing without a tape. Saves nothing for backward. Shape of {@code
   * x}: [B, T, hidden].
   */
  public Tensor noise(Tensor x, Tensor magnitudes, long place) {
    if (tape == null) {
      return x;
    }
    Torch.seed(mix(seed, place));
    return recorded(UNIFORM_NOISE.tensor(x, magnitudes), x, dy -> dy);
  }

  /**
   * Zeroes entries with probability p and scales the rest by 1 / (1 - p). Does nothing without a
   * tape. Saves the mask for backward.
   */
  public Tensor dropout(Tensor x, double p, long place) {
    if (tape == null || p == 0) {
      return x;
    }
    Torch.seed(mix(seed, place));
    Tensor mask = saveForBackward(DROPOUT_MASK.tensor(x, p));
    return recorded(MULTIPLY.tensor(x, mask), x, dy -> MULTIPLY.tensor(dy, mask));
  }

  /** Dropout on embeddings. */
  public Tensor dropEmbedding(Tensor x) {
    return dropout(x, rates.embedding(), EMBEDDING);
  }

  /** Dropout on the output of attention. */
  public Tensor dropAttentionOutput(Tensor x) {
    return dropout(x, rates.attentionOutput(), ofLayer(ATTENTION_OUTPUT));
  }

  /** Dropout on relative position embeddings, at the rate of embeddings. */
  public Tensor dropPositions(Tensor x) {
    return dropout(x, rates.embedding(), ofLayer(POSITIONS));
  }

  /** Dropout on an MLP's inner activations. */
  public Tensor dropInner(Tensor x) {
    return dropout(x, rates.inner(), ofLayer(INNER));
  }

  /** Dropout on the output of an MLP. */
  public Tensor dropMlpOutput(Tensor x) {
    return dropout(x, rates.mlpOutput(), ofLayer(MLP_OUTPUT));
  }

  /** {@return whether {@link #dropMlpOutput} needs the values of the output} */
  public boolean dropsMlpOutput() {
    return rates.mlpOutput() > 0;
  }

  /** Dropout on the input of a classification head's dense layer. */
  public Tensor dropHeadInput(Tensor x) {
    return dropout(x, rates.headInput(), HEAD_INPUT);
  }

  /** Dropout on a classifier's input. */
  public Tensor dropClassifierInput(Tensor x) {
    return dropout(x, rates.classifier(), CLASSIFIER);
  }

  @Override
  double attentionDropout() {
    return tape == null ? 0 : rates.attention();
  }

  @Override
  void seed(long place) {
    Torch.seed(mix(seed, ofLayer(place)));
  }

  private long ofLayer(long place) {
    return FIRST_LAYER - layer * PLACES_OF_LAYER - place;
  }

  /** SplitMix64's finalizer: adjacent places and seeds give unrelated streams. */
  private static long mix(long seed, long place) {
    long z = seed + place * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /**
   * Runs part of the network as a unit whose intermediates share a lifetime (activation
   * checkpointing).
   *
   * <p>Without a tape, the intermediates are closed when the part is done. The same holds with a
   * tape if the part neither trains nor depends on anything trained. Otherwise they are saved for
   * backward or, with recompute, dropped at once and recomputed from x in backward (Chen et al.
   * 2016).
   */
  public Tensor checkpoint(Tensor x, boolean recompute, BiFunction<Ops, Tensor, Tensor> body) {
    return checkpoint(new Tensor[] {x}, recompute, body);
  }

  /** Runs part of the network that also reads a tensor shared with other parts. */
  public Tensor checkpoint(
      Tensor x, Tensor beside, boolean recompute, BiFunction<Ops, Tensor, Tensor> body) {
    return checkpoint(new Tensor[] {x, beside}, recompute, body);
  }

  /** Runs part of the network that also reads tensors shared with other parts. */
  public Tensor checkpoint(
      Tensor x, List<Tensor> beside, boolean recompute, BiFunction<Ops, Tensor, Tensor> body) {
    Tensor[] inputs = new Tensor[beside.size() + 1];
    inputs[0] = x;
    for (int i = 0; i < beside.size(); i++) {
      inputs[i + 1] = beside.get(i);
    }
    return checkpoint(inputs, recompute, body);
  }

  private Tensor checkpoint(
      Tensor[] inputs, boolean recompute, BiFunction<Ops, Tensor, Tensor> body) {
    if (tape == null) {
      try (Scope scope = Scope.open(inputs[0].engine())) {
        return scope.keep(body.apply(this, inputs[0]));
      }
    }
    return recompute ? recomputed(inputs, body) : kept(inputs, body);
  }

  private Tensor kept(Tensor[] inputs, BiFunction<Ops, Tensor, Tensor> body) {
    Tape inner = new Tape();
    Tensor y = forward(inner, inputs, body, new Ops(inner, seed, false, rates, layer, recomputed));
    if (!inner.tracks(y)) {
      inner.close();
      return y;
    }
    for (Tensor input : inputs) {
      saveForBackward(input);
    }
    tape.take(y);
    tape.onClose(inner);
    record(
        new Tensor[] {y},
        inputs,
        dy -> {
          Tensor[] gradients = inner.walk(y, dy[0], inputs);
          inner.close();
          return gradients;
        });
    return y;
  }

  private Tensor recomputed(Tensor[] inputs, BiFunction<Ops, Tensor, Tensor> body) {
    // Dropout must draw the same masks as in backward, so this pass records too, briefly.
    Tensor y;
    try (Tape dropped = new Tape()) {
      y = forward(dropped, inputs, body, new Ops(dropped, seed, false, rates, layer, true));
      if (!dropped.tracks(y)) {
        return y;
      }
      tape.take(y);
    }
    for (Tensor input : inputs) {
      saveForBackward(input);
    }
    record(
        new Tensor[] {y},
        inputs,
        dy -> {
          try (Tape inner = new Tape()) {
            Ops ops = new Ops(inner, seed, true, rates, layer, true);
            Tensor again = forward(inner, inputs, body, ops);
            Tensor[] gradients = inner.walk(again, dy[0], inputs);
            again.close();
            return gradients;
          }
        });
    return y;
  }

  private Tensor forward(
      Tape inner, Tensor[] inputs, BiFunction<Ops, Tensor, Tensor> body, Ops ops) {
    for (Tensor input : inputs) {
      if (tape.tracks(input)) {
        inner.track(input);
      }
    }
    try (Scope scope = Scope.open(inputs[0].engine())) {
      return scope.keep(body.apply(ops, inputs[0]));
    }
  }

  /** Part of a network that treats each position separately. */
  @FunctionalInterface
  public interface PositionWise {

    /** Applies the part; without computed, only records it, as the output is not needed. */
    Tensor apply(Ops ops, Tensor x, boolean computed);
  }

  /**
   * Runs a position-wise part. Where intermediates are recomputed, a long sequence is divided into
   * tiles, whose intermediates exist one after the other, in backward too. Each tile has its own
   * dropout masks. Saves x for backward. Shape of {@code x}: [B, T, hidden], which is also the size
   * of the output.
   */
  public Tensor tiled(Tensor x, boolean computed, PositionWise part) {
    if (tape == null || !recomputed || x.sizes().length != 3 || x.size(1) < 2 * TILE) {
      return part.apply(this, x, computed);
    }
    int tiles = (int) ((x.size(1) + TILE - 1) / TILE);
    Tensor y = computed ? null : x.engine().empty(x.type(), x.sizes());
    boolean differentiated = !computed;
    for (int i = 0; computed && i < tiles; i++) {
      try (Tape dropped = new Tape()) {
        Tensor of = tile(dropped, x, i, part);
        differentiated |= dropped.tracks(of);
        y = y == null ? x.engine().empty(of.type(), x.sizes()) : y;
        tile(y, i).copyFrom(of);
        of.close();
      }
    }
    if (differentiated) {
      saveForBackward(x);
      record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {gradientOfTiles(x, dy[0], tiles, part)});
    }
    return y;
  }

  private Tensor gradientOfTiles(Tensor x, Tensor dy, int tiles, PositionWise part) {
    Tensor dx = tape.tracks(x) ? x.engine().zeros(x.type(), x.sizes()) : null;
    for (int i = 0; i < tiles; i++) {
      try (Tape inner = new Tape();
          Scope scope = Scope.open(x.engine())) {
        Tensor in = copied(tile(x, i));
        if (dx != null) {
          inner.track(in);
        }
        Tensor of = part.apply(ofTile(inner, true, i), in, false);
        Tensor[] gradient = inner.walk(of, copied(tile(dy, i)), new Tensor[] {in});
        if (dx != null && gradient[0] != null) {
          tile(dx, i).copyFrom(gradient[0]);
        }
      }
    }
    return dx;
  }

  private Tensor tile(Tape dropped, Tensor x, int number, PositionWise part) {
    try (Scope scope = Scope.open(x.engine())) {
      Tensor in = copied(tile(x, number));
      if (tape.tracks(x)) {
        dropped.track(in);
      }
      return scope.keep(part.apply(ofTile(dropped, false, number), in, true));
    }
  }

  private Ops ofTile(Tape inner, boolean again, int number) {
    return new Ops(inner, number == 0 ? seed : mix(seed, number), again, rates, layer, false);
  }

  private static Tensor tile(Tensor x, int number) {
    long start = (long) number * TILE;
    return x.narrow(1, start, Math.min(TILE, x.size(1) - start)).typedAs(x);
  }

  /** Tiles of several rows are not contiguous. */
  private static Tensor copied(Tensor tile) {
    Tensor copy = tile.engine().empty(tile.type(), tile.sizes());
    copy.copyFrom(tile);
    return copy;
  }
}
