package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.MxFourBit;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.nn.linear.ReplacedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A linear layer with an MXFP4 weight, dequantized for each product. */
final class MxLinear extends ReplacedLinear {

  private final int in;
  private final int out;
  private final String name;
  private final String storedName;
  private @Nullable Tensor blocks;
  private @Nullable Tensor scales;

  /** Replaces a plain layer that is not allocated. */
  MxLinear(DenseLinear declared, String storedName) {
    super(declared);
    this.in = Math.toIntExact(declared.inFeatures());
    this.out = Math.toIntExact(declared.outFeatures());
    this.name = declared.weight().slices().get(0).name();
    this.storedName = storedName;
  }

  @Override
  public Set<String> packed() {
    return Set.of(name);
  }

  @Override
  public Map<String, List<Long>> stored() {
    return Map.of(storedName, List.of((long) in, (long) out));
  }

  @Override
  public StoredType original() {
    return StoredType.BF16;
  }

  @Override
  public boolean isTransposed() {
    return true;
  }

  @Override
  public long packedCount() {
    return (long) in * out;
  }

  @Override
  public long packedBytes() {
    return packing().total();
  }

  @Override
  public QuantizedSize packing() {
    return new QuantizedSize(packedCount() / 2, packedCount() / MxFourBit.BLOCK, 0);
  }

  @Override
  public void read(Checkpoint checkpoint) {
    closeWeight();
    blocks = Tensor.emptyOnHost(DType.U8, out, in / 2).own();
    scales = Tensor.emptyOnHost(DType.U8, out, in / MxFourBit.BLOCK).own();
    checkpoint
        .file(storedName, SplitTensors.class)
        .orElseThrow()
        .readFourBit(storedName, blocks.data(), scales.data());
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return ops.frozenLinear(x, this::using, bias().orElse(null));
  }

  private Tensor using(DType type, Function<Tensor, Tensor> use) {
    try (Tensor weight = Tensor.empty(type, out, in)) {
      dequantize(weight);
      return use.apply(weight);
    }
  }

  @Override
  public Tensor restored(Part part, DType type) {
    Tensor weight = Tensor.empty(type, out, in);
    dequantize(weight);
    return weight;
  }

  private void dequantize(Tensor target) {
    if (blocks == null || scales == null) {
      throw new IllegalStateException(parts().get(0).path() + " has no weights");
    }
    boolean direct = target.isOnHost() && target.type() != DType.F16;
    try (Tensor staged =
        direct ? target.narrow(0, 0, out) : Tensor.emptyOnHost(DType.BF16, out, in)) {
      ByteBuffer memory = staged.data().order(ByteOrder.nativeOrder());
      if (staged.type() == DType.F32) {
        MxFourBit.decode(blocks.data(), scales.data(), out, in, memory.asFloatBuffer());
      } else {
        MxFourBit.decode(blocks.data(), scales.data(), out, in, memory.asShortBuffer());
      }
      if (!direct) {
        target.copyFrom(staged);
      }
    }
  }

  @Override
  public void close() {
    parameters().forEach(Parameter::close);
    closeWeight();
  }

  private void closeWeight() {
    if (blocks != null) {
      blocks.close();
      blocks = null;
    }
    if (scales != null) {
      scales.close();
      scales = null;
    }
  }
}
