package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.LayerCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RecurrentOps;
import io.adapt4j.core.internal.tensor.op.RecurrentOps.Kind;
import io.adapt4j.core.internal.tensor.op.RecurrentOps.Recurrence;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence between two projections. It processes many tokens at once in chunks, or one token at
 * a time from a state; padding and other documents leave the state unchanged.
 */
public record RecurrentMixer(
    LinearSlot in,
    LinearSlot out,
    Recurrence recurrence,
    List<Parameter> ownParameters,
    CacheShape cache)
    implements Mixer {

  /**
   * Causal convolution at the start of a recurrence.
   *
   * @param weight [channels, 1, width]
   * @param bias [channels], or null
   */
  public record Convolution(Parameter weight, @Nullable Parameter bias) {

    /** Declares a depthwise convolution over earlier positions. */
    public static Convolution declare(String path, long channels, long width, boolean bias) {
      return new Convolution(
          Parameter.of(path + ".weight", channels, 1, width),
          bias ? Parameter.of(path + ".bias", channels) : null);
    }

    long[] tail() {
      long[] sizes = weight.sizes();
      return new long[] {sizes[2] - 1, sizes[0]};
    }
  }

  /** The heads of a recurrence. */
  public record StateHeads(int groups, int heads, int keyDim, int valueDim) {

    /** {@return the output width of a position} */
    public long valueWidth() {
      return (long) heads * valueDim;
    }

    long[] state() {
      return new long[] {groups, heads / groups, keyDim, valueDim};
    }
  }

  /** Norm after a state space layer. */
  public record OutputNorm(Parameter weight, int parts, boolean beforeGate, double eps) {}

  /**
   * Declares a convolution between two gates, which the first projection computes together with its
   * values.
   */
  public static RecurrentMixer shortConvolution(
      LinearSlot in, LinearSlot out, Convolution convolution) {
    return new RecurrentMixer(
        in,
        out,
        new Recurrence(Kind.SHORT_CONVOLUTION, in.linear().inFeatures(), new long[0], NONE),
        parameters(convolution.weight(), convolution.bias()),
        CacheShape.ofStates(List.of(convolution.tail())));
  }

  private static final double[] NONE = {};

  /** Declares a Gated DeltaNet (Yang et al. 2024). */
  public static RecurrentMixer gatedDelta(
      LinearSlot in,
      LinearSlot out,
      StateHeads heads,
      boolean byGroup,
      Convolution convolution,
      List<Parameter> rates,
      RmsNorm norm) {
    long[] sizes = {
      heads.groups(), heads.heads(), heads.keyDim(), heads.valueDim(), byGroup ? 1 : 0
    };
    return new RecurrentMixer(
        in,
        out,
        new Recurrence(Kind.GATED_DELTA, heads.valueWidth(), sizes, new double[] {norm.eps()}),
        parameters(convolution.weight(), rates.get(0), rates.get(1), norm.weight()),
        CacheShape.ofStates(List.of(convolution.tail(), heads.state())));
  }

  /**
   * Declares a Mamba-2 (Dao and Gu 2024).
   *
   * @param norm norm of the output, or null
   */
  public static RecurrentMixer stateSpace(
      LinearSlot in,
      LinearSlot out,
      StateHeads heads,
      Convolution convolution,
      List<Parameter> rates,
      double[] numbers,
      @Nullable OutputNorm norm) {
    long[] sizes = {
      heads.groups(),
      heads.heads(),
      heads.keyDim(),
      heads.valueDim(),
      norm == null ? 0 : norm.parts(),
      norm != null && norm.beforeGate() ? 1 : 0,
      convolution.bias() == null ? 0 : 1
    };
    double[] all = new double[numbers.length + 1];
    all[0] = norm == null ? 0 : norm.eps();
    System.arraycopy(numbers, 0, all, 1, numbers.length);
    return new RecurrentMixer(
        in,
        out,
        new Recurrence(Kind.STATE_SPACE, heads.valueWidth(), sizes, all),
        parameters(
            convolution.weight(),
            rates.get(0),
            rates.get(1),
            rates.get(2),
            norm == null ? null : norm.weight(),
            convolution.bias()),
        CacheShape.ofStates(List.of(convolution.tail(), heads.state())));
  }

  private static List<Parameter> parameters(@Nullable Parameter... all) {
    return Stream.of(all).filter(parameter -> parameter != null).toList();
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Tensor projected = in.forward(ops, x);
    return out.forward(ops, mixed(ops, projected, positions, layer));
  }

  private Tensor mixed(Ops ops, Tensor projected, Positions positions, int layer) {
    if (positions.documents() != null) {
      return RecurrentOps.packed(ops, recurrence, projected, ownParameters, positions.documents());
    }
    LayerCache cache = positions.cache();
    return cache == null
        ? applied(ops, projected, positions, null)
        : cache.recur(layer, projected, (x, state) -> applied(ops, x, positions, state));
  }

  private Tensor applied(
      Ops ops, Tensor projected, Positions positions, RecurrentOps.@Nullable State state) {
    return RecurrentOps.apply(ops, recurrence, projected, ownParameters, positions.keep(), state);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(in, out);
  }

  @Override
  public Set<Long> windows() {
    return Set.of();
  }

  @Override
  public Object kind() {
    return List.of(
        recurrence.kind(), recurrence.width(), Arrays.stream(recurrence.sizes()).boxed().toList());
  }
}
