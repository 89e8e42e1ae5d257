package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.ReplacedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** A linear layer whose weight is encoded by a user-defined codec and decoded for each product. */
final class CodecLinear extends ReplacedLinear {

  private final List<CodecPart> encoded;

  /** Replaces a plain layer that is not allocated. */
  CodecLinear(DenseLinear declared, List<CodecPart> encoded) {
    super(declared);
    this.encoded = List.copyOf(encoded);
  }

  @Override
  public Set<String> packed() {
    Set<String> names = new LinkedHashSet<>();
    encoded.forEach(part -> names.add(part.name()));
    return names;
  }

  @Override
  public Map<String, List<Long>> stored() {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    encoded.forEach(part -> tensors.put(part.storedName(), part.storedShape()));
    return tensors;
  }

  @Override
  public StoredType original() {
    return encoded.get(0).original();
  }

  @Override
  public boolean isTransposed() {
    return encoded.get(0).isTransposed();
  }

  @Override
  public long packedCount() {
    return encoded.stream().mapToLong(CodecPart::count).sum();
  }

  @Override
  public long packedBytes() {
    return encoded.stream().mapToLong(CodecPart::bytes).sum();
  }

  @Override
  public void read(Checkpoint checkpoint) {
    encoded.forEach(part -> part.read(checkpoint));
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return ops.frozenLinear(x, this::using, bias().orElse(null));
  }

  private Tensor using(DType type, Function<Tensor, Tensor> use) {
    try (Tensor weight = Tensor.empty(type, outFeatures(), inFeatures())) {
      for (CodecPart part : encoded) {
        try (Tensor rows = weight.narrow(0, part.part().start(), part.part().width())) {
          part.decode(rows);
        }
      }
      return use.apply(weight);
    }
  }

  @Override
  public Tensor restored(Part part, DType type) {
    CodecPart found =
        encoded.stream().filter(each -> each.part().equals(part)).findFirst().orElseThrow();
    Tensor weight = Tensor.empty(type, part.width(), inFeatures());
    found.decode(weight);
    return weight;
  }

  @Override
  public void close() {
    parameters().forEach(Parameter::close);
    encoded.forEach(CodecPart::close);
  }
}
