package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.nn.linear.ReplacedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.QuantizedTerms;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A linear layer with a quantized weight, dequantized on demand in forward and backward, in memory
 * that all layers of a model share (QLoRA, Dettmers et al. 2023, eq. 5).
 *
 * <p>Unquantized projections are kept as they are.
 */
public abstract class PackedLinear<P extends PackedPart> extends ReplacedLinear {

  private final boolean transposed;
  private final List<P> packed = new ArrayList<>();
  private final Map<Part, Parameter> plain = new LinkedHashMap<>();
  private final Workspace workspace;
  private boolean closed;

  /** Replaces a declared layer without memory. */
  protected PackedLinear(DenseLinear declared, Map<String, P> packed, Workspace workspace) {
    super(declared);
    this.transposed = declared.weight().slices().get(0).transposed();
    this.workspace = workspace;
    for (int i = 0; i < parts().size(); i++) {
      Part part = parts().get(i);
      P found = packed.get(part.path());
      if (found == null) {
        String name = declared.weight().slices().get(i).name();
        plain.put(part, Parameter.of(name, part.width(), inFeatures()));
      } else {
        this.packed.add(found);
      }
    }
    workspace.join(inFeatures() * outFeatures());
  }

  /** {@return the quantized projections, left to right} */
  protected final List<P> packedParts() {
    return packed;
  }

  /** {@return whether all projections are quantized} */
  protected final boolean isWhole() {
    return plain.isEmpty();
  }

  /** Returns biases, and weights of unquantized projections. */
  @Override
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>(plain.values());
    bias().ifPresent(parameters::add);
    return List.copyOf(parameters);
  }

  @Override
  public Set<String> packed() {
    Set<String> names = new LinkedHashSet<>();
    packed.forEach(part -> names.add(part.source().name()));
    return names;
  }

  @Override
  public Map<String, List<Long>> stored() {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    packed.forEach(part -> tensors.putAll(part.source().stored()));
    return tensors;
  }

  @Override
  public StoredType original() {
    return packed.get(0).source().original();
  }

  @Override
  public boolean isTransposed() {
    return transposed;
  }

  @Override
  public long packedCount() {
    return packed.stream().mapToLong(PackedPart::count).sum();
  }

  @Override
  public long packedBytes() {
    return packing().total();
  }

  @Override
  public QuantizedSize packing() {
    return packed.stream().map(PackedPart::bytes).reduce(QuantizedSize.NONE, QuantizedSize::plus);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return ops.frozenLinear(x, this::using, bias().orElse(null));
  }

  @Override
  public boolean describe(LinearTerms terms) {
    if (!isWhole() || !(terms instanceof QuantizedTerms quantized)) {
      return false;
    }
    for (P part : packed) {
      if (!part.describe(quantized, bias().orElse(null))) {
        return false;
      }
    }
    return true;
  }

  private Tensor using(DType type, Function<Tensor, Tensor> use) {
    return workspace.using(type, outFeatures(), inFeatures(), this::restore, use);
  }

  private void restore(Tensor weight) {
    for (P part : packed) {
      try (Tensor rows = rows(weight, part.part())) {
        part.dequantize(rows);
      }
    }
    plain.forEach(
        (part, parameter) -> {
          try (Tensor rows = rows(weight, part)) {
            rows.copyFrom(parameter.value());
          }
        });
  }

  private static Tensor rows(Tensor weight, Part part) {
    return weight.narrow(0, part.start(), part.width());
  }

  @Override
  public Tensor restored(Part part, DType type) {
    Tensor weight = Tensor.empty(type, part.width(), inFeatures());
    if (plain.containsKey(part)) {
      weight.copyFrom(plain.get(part).value());
    } else {
      part(part).restore(weight);
    }
    return weight;
  }

  private P part(Linear.Part wanted) {
    return packed.stream()
        .filter(each -> each.part().equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "part: expected one of " + parts() + ", found " + wanted));
  }

  @Override
  public void close() {
    parameters().forEach(Parameter::close);
    packed.forEach(PackedPart::close);
    if (!closed) {
      closed = true;
      workspace.leave();
    }
  }
}
