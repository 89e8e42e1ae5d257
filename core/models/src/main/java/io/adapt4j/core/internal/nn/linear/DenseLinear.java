package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A linear layer with its weight in memory, in the compute type. */
public final class DenseLinear implements Linear {

  private final List<Part> parts;
  private final Parameter weight;
  private final Parameter bias;

  private DenseLinear(List<Part> parts, Parameter weight, Parameter bias) {
    this.parts = parts;
    this.weight = weight;
    this.bias = bias;
  }

  /** Declares a layer of one or more projections. */
  public static DenseLinear declare(long in, boolean bias, List<Part> parts) {
    return declare(in, bias, parts, false);
  }

  /**
   * Declares a layer whose weights a checkpoint may store transposed, like GPT-2's.
   *
   * @param transposed whether the checkpoint stores weights as [in, out]
   * @return the layer, not allocated yet; in memory, weights are [out, in] in any case
   */
  public static DenseLinear declare(long in, boolean bias, List<Part> parts, boolean transposed) {
    long out = parts.stream().mapToLong(Part::width).sum();
    Parameter weight = new Parameter(slices(parts, ".weight", transposed), out, in);
    return new DenseLinear(
        List.copyOf(parts),
        weight,
        bias ? new Parameter(slices(parts, ".bias", false), out) : null);
  }

  /** Declares projections of which only some have a bias; that of the others is 0. */
  static DenseLinear declare(long in, List<Part> parts, List<Part> biased) {
    long out = parts.stream().mapToLong(Part::width).sum();
    return new DenseLinear(
        List.copyOf(parts),
        new Parameter(slices(parts, ".weight", false), out, in),
        new Parameter(slices(biased, ".bias", false), out));
  }

  /** Declares a projection without bias that is never trained. */
  static DenseLinear fixed(String path, long in, long out) {
    return new DenseLinear(
        List.of(new Part(path, 0, out)), Parameter.fixed(path + ".weight", out, in), null);
  }

  /** Lays out projections next to each other. */
  static List<Part> parts(String prefix, List<String> names, long... widths) {
    List<Part> parts = new ArrayList<>();
    long start = 0;
    for (int i = 0; i < widths.length; i++) {
      parts.add(new Part(prefix + "." + names.get(i), start, widths[i]));
      start += widths[i];
    }
    return parts;
  }

  private static List<Slice> slices(List<Part> parts, String suffix, boolean transposed) {
    return parts.stream()
        .map(part -> new Slice(part.path() + suffix, part.start(), part.width(), transposed))
        .toList();
  }

  /** Returns the weight: W [out, in]; this layer closes it. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the bias, if any: b [out]; this layer closes it. */
  public Optional<Parameter> bias() {
    return Optional.ofNullable(bias);
  }

  @Override
  public List<Part> parts() {
    return parts;
  }

  @Override
  public long inFeatures() {
    return weight.sizes()[1];
  }

  @Override
  public long outFeatures() {
    return weight.sizes()[0];
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return ops.linear(x, weight, bias);
  }

  @Override
  public Tensor recorded(Ops ops, Tensor x) {
    return ops.uncomputedLinear(x, weight, bias);
  }

  @Override
  public boolean describe(LinearTerms terms) {
    terms.dense(weight, bias);
    return true;
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.of(weight, bias).filter(parameter -> parameter != null).toList();
  }
}
