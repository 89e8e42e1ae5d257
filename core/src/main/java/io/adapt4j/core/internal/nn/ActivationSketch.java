package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Parameter;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * What the layers of a network keep for their derivatives, worked out from the structure alone.
 *
 * <p>Walks a declared network as its forward pass does, with widths instead of tensors, and follows
 * the same rules: an operator keeps what its comment in {@code Ops} names, a view keeps the memory
 * it looks at, and nothing is kept that no trained value depends on. All widths are numbers of
 * values a position in the compute type, unless they say otherwise.
 */
public final class ActivationSketch {

  /**
   * One layer of the walk.
   *
   * @param input its input, kept by the pass whether layers are recomputed or not
   * @param kept what its operators keep besides
   * @param made everything that exists at the end of its forward pass
   * @param backward the most that its derivative has at once, what is kept left out
   * @param backwardFloats the part of the derivative in fp32, of norms and keys and values
   * @param weightGradient values of the largest weight gradient, which exists before it is added
   * @param queryHeads heads whose scores are formed at once
   * @param forwardCopies copies in fp32 that the forward pass makes of other types
   * @param backwardCopies copies in fp32 that the derivative makes of other types
   */
  public record LayerSketch(
      long input,
      long kept,
      long made,
      long backward,
      long backwardFloats,
      long weightGradient,
      long queryHeads,
      long forwardCopies,
      long backwardCopies) {}

  /**
   * The whole walk.
   *
   * @param layers first layer first
   * @param outside what the pass holds outside the layers: embeddings and the final norm
   */
  public record Sketch(List<LayerSketch> layers, long outside) {

    /**
     * Copies the list.
     *
     * @param layers first layer first
     * @param outside what is held outside the layers
     */
    public Sketch {
      layers = List.copyOf(layers);
    }
  }

  /** A piece of memory; views of it share it. */
  private static final class Memory {
    private final long width;
    private boolean kept;

    Memory(long width) {
      this.width = width;
    }
  }

  private record Value(Memory memory, long width, boolean tracked) {}

  private final TrainableSummary trainableSummary;
  private final IdentityHashMap<LinearSlot, TrainableSummary.LoraMatrices> factors =
      new IdentityHashMap<>();
  private final IdentityHashMap<LinearSlot, TrainableSummary.Rescaling> rescalings =
      new IdentityHashMap<>();
  private final boolean unknown;
  private List<Memory> made = new ArrayList<>();
  private long backward;
  private long backwardFloats;
  private long forwardCopies;
  private long backwardCopies;
  private long weightGradient;

  private ActivationSketch(Network network, TrainableSummary trainableSummary) {
    this.trainableSummary = trainableSummary;
    this.unknown = trainableSummary.others() > 0 && trainableSummary.rescalings().isEmpty();
    List<LinearSlot> slots = network.linears();
    trainableSummary.factors().forEach(factor -> factors.put(slots.get(factor.slot()), factor));
    trainableSummary
        .rescalings()
        .forEach(rescaling -> rescalings.put(slots.get(rescaling.slot()), rescaling));
  }

  /**
   * Walks a network.
   *
   * @param network its structure
   * @param trainableSummary what trains in it
   * @return what is kept
   */
  public static Sketch of(Network network, TrainableSummary trainableSummary) {
    ActivationSketch sketch = new ActivationSketch(network, trainableSummary);
    Transformer body = network.body();
    Embeddings embeddings = body.embeddings();
    long hidden = network.dimensions().hiddenSize();
    boolean tracked = embeddings.parameters().stream().anyMatch(trainableSummary::trains);
    List<LayerSketch> layers = new ArrayList<>();
    for (Layer layer : body.layers()) {
      Value x = new Value(new Memory(hidden), hidden, tracked);
      Value y = sketch.layer(layer, x);
      layers.add(sketch.finish(layer, x, y));
      tracked = y.tracked();
    }
    return new Sketch(layers, outside(body, embeddings, hidden));
  }

  /**
   * The first hidden states are made in a few steps, each of which lives to the end of the pass.
   */
  private static long outside(Transformer body, Embeddings embeddings, long hidden) {
    long steps = embeddings.scale().factor() == 1 ? 0 : 1;
    steps += embeddings.positions() == null ? 0 : 2;
    steps += embeddings.types() == null ? 0 : 2;
    steps += embeddings.norm() == Norm.NONE ? 0 : 1;
    steps += body.norm() == Norm.NONE ? 0 : 1;
    return steps * hidden + hidden;
  }

  private LayerSketch finish(Layer layer, Value x, Value y) {
    long kept = 0;
    long all = 0;
    for (Memory memory : made) {
      boolean handedOn = memory == y.memory();
      kept += memory.kept && !handedOn ? memory.width : 0;
      all += handedOn ? 0 : memory.width;
    }
    // A recorded layer keeps its input whatever its operators say, and its output is the next
    // one's.
    LayerSketch sketch =
        new LayerSketch(
            x.width(),
            kept,
            all + y.width(),
            backward + 2 * x.width(),
            backwardFloats,
            weightGradient,
            layer.attention().heads().query(),
            forwardCopies,
            backwardCopies);
    forwardCopies = 0;
    backwardCopies = 0;
    made = new ArrayList<>();
    backward = 0;
    backwardFloats = 0;
    weightGradient = 0;
    return sketch;
  }

  private Value layer(Layer layer, Value x) {
    if (layer instanceof SequentialLayer one) {
      Value attended = attention(one.attention(), norm(one.beforeAttention(), x));
      Value mixed = sum(x, norm(one.afterAttention(), attended));
      return sum(mixed, norm(one.afterMlp(), mlp(one.mlp(), norm(one.beforeMlp(), mixed))));
    } else if (layer instanceof ParallelLayer one) {
      Value attended = attention(one.attention(), norm(one.attentionNorm(), x));
      return sum(sum(x, attended), mlp(one.mlp(), norm(one.mlpNorm(), x)));
    } else if (layer instanceof PostNormLayer one) {
      Value mixed = norm(one.attentionNorm(), sum(x, attention(one.attention(), x)));
      return norm(one.mlpNorm(), sum(mixed, mlp(one.mlp(), mixed)));
    }
    throw new IllegalStateException("No sketch of " + layer.getClass());
  }

  private Value make(long width, boolean tracked) {
    Memory memory = new Memory(width);
    made.add(memory);
    return new Value(memory, width, tracked);
  }

  private static void keep(Value value) {
    value.memory().kept = true;
  }

  private void forwardBackward(long values, long floats) {
    backward = Math.max(backward, values);
    backwardFloats = Math.max(backwardFloats, floats);
  }

  private Value sum(Value x, Value y) {
    return make(x.width(), x.tracked() || y.tracked());
  }

  private Value norm(Norm norm, Value x) {
    if (norm == Norm.NONE) {
      return x;
    }
    boolean tracked = x.tracked() || norm.parameters().stream().anyMatch(trainableSummary::trains);
    if (tracked) {
      keep(x);
      // In fp32: x, its normal form, the gradient twice, and a product on the way.
      forwardBackward(2 * x.width(), 5 * x.width());
    }
    return make(x.width(), tracked);
  }

  private Value linear(LinearSlot slot, Value x) {
    TrainableSummary.Rescaling rescaling = rescalings.get(slot);
    if (rescaling == null) {
      return unscaled(slot, x);
    }
    return rescaling.ofInput() ? unscaled(slot, rescaled(x)) : rescaled(unscaled(slot, x));
  }

  /**
   * Computed in fp32: x and its product on the way; backwards the gradient, x and two products, of
   * which one is the result.
   */
  private Value rescaled(Value x) {
    keep(x);
    forwardCopies = Math.max(forwardCopies, 2 * x.width());
    backwardCopies = Math.max(backwardCopies, 3 * x.width());
    forwardBackward(2 * x.width(), x.width());
    return make(x.width(), true);
  }

  private Value unscaled(LinearSlot slot, Value x) {
    Linear linear = slot.linear();
    List<Parameter> parameters = linear.parameters();
    boolean trains = unknown || parameters.stream().anyMatch(trainableSummary::trains);
    if (unknown
        || parameters.stream()
            .anyMatch(parameter -> isMatrix(parameter) && trainableSummary.trains(parameter))) {
      keep(x);
      weightGradient = Math.max(weightGradient, linear.inFeatures() * linear.outFeatures());
    }
    TrainableSummary.LoraMatrices own = factors.get(slot);
    if (own != null) {
      adapter(own, x);
    }
    boolean tracked = x.tracked() || trains || own != null;
    if (tracked) {
      long inputs = own == null ? 1 : 3;
      forwardBackward(linear.outFeatures() + inputs * linear.inFeatures(), 0);
    }
    return make(linear.outFeatures(), tracked);
  }

  private static boolean isMatrix(Parameter parameter) {
    return parameter.sizes().length > 1;
  }

  /** With dropout each part keeps its own mask and its own masked input. */
  private void adapter(TrainableSummary.LoraMatrices own, Value x) {
    if (!own.dropout()) {
      keep(x);
      return;
    }
    for (int i = 0; i < own.parts().size(); i++) {
      keep(make(x.width(), false));
      keep(make(x.width(), x.tracked()));
    }
  }

  private Value attention(Attention attention, Value x) {
    Heads heads = attention.heads();
    long queries = heads.queryWidth();
    long keys = heads.keyValueWidth();
    Value projected = linear(attention.qkv(), x);
    boolean normed = attention.norm() != null;
    boolean tracked = projected.tracked() || (normed && trainsAny(attention.normParameters()));
    boolean rotated = attention.rotary() != Attention.NO_ROTARY;
    if (normed && rotated) {
      make(queries + keys, tracked);
    }
    Value turned = rotated || normed ? make(queries + keys, tracked) : null;
    if (normed && tracked) {
      forwardBackward(2 * (queries + keys), 5 * queries);
    }
    if (tracked) {
      keep(projected);
      if (turned != null) {
        keep(turned);
      }
      forwardBackward(3 * queries + 6 * keys, 2 * keys);
    }
    return linear(attention.output(), make(queries, tracked));
  }

  private boolean trainsAny(List<Parameter> parameters) {
    return parameters.stream().anyMatch(trainableSummary::trains);
  }

  private Value mlp(Mlp mlp, Value x) {
    if (mlp instanceof GatedMlp gated) {
      Value gateUp = linear(gated.gateUp(), x);
      return linear(gated.down(), activated(gateUp, gateUp.width() / 2));
    }
    PlainMlp plain = (PlainMlp) mlp;
    Value up = linear(plain.up(), x);
    return linear(plain.down(), activated(up, up.width()));
  }

  private Value activated(Value x, long width) {
    if (x.tracked()) {
      keep(x);
      forwardBackward(x.width() + 3 * width, 0);
    }
    return make(width, x.tracked());
  }
}
