package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.LinearTerms;
import io.adapt4j.core.internal.nn.QuantizedLinear;
import io.adapt4j.core.internal.nn.QuantizedSize;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.FourBitProduct;
import io.adapt4j.kernels.internal.KernelChoice;
import io.adapt4j.kernels.internal.QuantizedTerms;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer with its weight in 4 bits (QLoRA, Dettmers et al. 2023, eq. 5): restored for a
 * product and again for its derivative, in memory that all layers of a model share; or, for few
 * rows and where the kernels are faster so, multiplied as it is.
 *
 * <p>Projections that were not quantized lie beside the others as they are.
 */
final class FourBitLinear implements QuantizedLinear {

  private final List<Part> parts;
  private final long in;
  private final long out;
  private final @Nullable Parameter bias;
  private final boolean transposed;
  private final List<FourBitPart> packed = new ArrayList<>();
  private final Map<Part, Parameter> plain = new LinkedHashMap<>();
  private final Workspace workspace;
  private @Nullable FourBitProduct product;
  private boolean closed;

  /**
   * Takes the place of a plain layer without memory.
   *
   * @param declared the plain layer, whose bias is taken over
   * @param sources where the 4-bit projections come from, by path; at least one. Others stay plain
   * @param workspace shared by the layers of the model
   */
  FourBitLinear(DenseLinear declared, Map<String, WeightSource> sources, Workspace workspace) {
    this.parts = declared.parts();
    this.in = declared.inFeatures();
    this.out = declared.outFeatures();
    this.bias = declared.bias().orElse(null);
    this.transposed = declared.weight().slices().get(0).transposed();
    this.workspace = workspace;
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      WeightSource source = sources.get(part.path());
      if (source == null) {
        String name = declared.weight().slices().get(i).name();
        plain.put(part, Parameter.of(name, part.width(), in));
      } else {
        packed.add(new FourBitPart(part, in, source));
      }
    }
    workspace.join(in * out);
  }

  @Override
  public List<Part> parts() {
    return parts;
  }

  @Override
  public long inFeatures() {
    return in;
  }

  @Override
  public long outFeatures() {
    return out;
  }

  @Override
  public Optional<Parameter> bias() {
    return Optional.ofNullable(bias);
  }

  /** Biases, and the weights of projections that are not quantized. */
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
    return packed.stream().mapToLong(FourBitPart::count).sum();
  }

  @Override
  public long packedBytes() {
    return packing().total();
  }

  @Override
  public QuantizedSize packing() {
    return packed.stream().map(FourBitPart::bytes).reduce(QuantizedSize.NONE, QuantizedSize::plus);
  }

  /** The memory that the packed weights take in the form that is computed with. */
  long heldBytes() {
    return packed.stream().mapToLong(part -> part.matrix().bytes()).sum();
  }

  @Override
  public void read(Checkpoint checkpoint) {
    read(checkpoint, KernelChoice.kernels());
  }

  void read(Checkpoint checkpoint, FourBitKernels kernels) {
    closeProduct();
    packed.forEach(part -> part.read(checkpoint, kernels));
    product = kernels.product(packed.stream().map(FourBitPart::matrix).toList());
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    FourBitProduct kernel = product;
    if (kernel != null && !ops.isRecording() && multipliesFaster(x)) {
      return ops.customKernelLinear(x, out, kernel::multiply, bias);
    }
    return ops.frozenLinear(x, this::using, bias);
  }

  @Override
  public boolean describe(LinearTerms terms) {
    if (!plain.isEmpty() || !(terms instanceof QuantizedTerms fourBit)) {
      return false;
    }
    for (FourBitPart part : packed) {
      if (!fourBit.add(part.matrix(), part.part().start(), bias)) {
        return false;
      }
    }
    return true;
  }

  private boolean multipliesFaster(Tensor x) {
    long rows = x.count() / in;
    return plain.isEmpty()
        && x.type() != DType.F16
        && packed.stream().allMatch(part -> part.matrix().multipliesFaster(x.type(), rows));
  }

  private Tensor using(DType type, Function<Tensor, Tensor> use) {
    return workspace.using(type, out, in, this::restore, use);
  }

  private void restore(Tensor weight) {
    for (FourBitPart part : packed) {
      try (Tensor rows = rows(weight, part.part())) {
        part.matrix().dequantize(rows);
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
    Tensor weight = Tensor.empty(type, part.width(), in);
    if (plain.containsKey(part)) {
      weight.copyFrom(plain.get(part).value());
    } else {
      part(part).matrix().dequantize(weight);
    }
    return weight;
  }

  private FourBitPart part(Linear.Part wanted) {
    return packed.stream()
        .filter(fourBitPart -> fourBitPart.part().equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "part: expected one of " + parts + ", found " + wanted));
  }

  @Override
  public void close() {
    parameters().forEach(Parameter::close);
    closeProduct();
    packed.forEach(FourBitPart::close);
    if (!closed) {
      closed = true;
      workspace.leave();
    }
  }

  private void closeProduct() {
    if (product != null) {
      product.close();
      product = null;
    }
  }
}
