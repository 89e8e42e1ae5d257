package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A quantized layer that occurs again: it computes with the weights of {@code source}, which closes
 * them, and has the names of {@code declared}, whose weights are never read.
 */
public record SharedQuantized(QuantizedLinear declared, QuantizedLinear source)
    implements QuantizedLinear {

  /** Shares the biases and unquantized weights too. */
  public SharedQuantized {
    List<Parameter> from = source.parameters();
    List<Parameter> to = declared.parameters();
    for (int i = 0; i < from.size(); i++) {
      if (!to.get(i).isShared()) {
        to.get(i).share(from.get(i));
      }
    }
  }

  @Override
  public Set<String> packed() {
    return declared.packed();
  }

  @Override
  public Optional<Parameter> bias() {
    return declared.bias();
  }

  @Override
  public Map<String, List<Long>> stored() {
    return declared.stored();
  }

  @Override
  public StoredType original() {
    return declared.original();
  }

  @Override
  public boolean isTransposed() {
    return declared.isTransposed();
  }

  @Override
  public void read(Checkpoint checkpoint) {
    // The source reads the weights.
  }

  @Override
  public long packedCount() {
    return 0;
  }

  @Override
  public long packedBytes() {
    return 0;
  }

  @Override
  public Tensor restored(Part part, DType type) {
    return source.restored(source.parts().get(declared.parts().indexOf(part)), type);
  }

  @Override
  public List<Part> parts() {
    return declared.parts();
  }

  @Override
  public long inFeatures() {
    return declared.inFeatures();
  }

  @Override
  public long outFeatures() {
    return declared.outFeatures();
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return source.forward(ops, x);
  }

  @Override
  public Tensor recorded(Ops ops, Tensor x) {
    return source.recorded(ops, x);
  }

  @Override
  public List<Parameter> parameters() {
    return declared.parameters();
  }

  @Override
  public boolean describe(LinearTerms terms) {
    return source.describe(terms);
  }

  @Override
  public void close() {
    declared.close();
  }
}
