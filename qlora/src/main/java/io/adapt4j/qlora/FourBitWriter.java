package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.NestedScales;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Provides quantized weights to {@link io.adapt4j.core.internal.checkpoint.SafetensorsWriter},
 * which requests their bytes in order. Only the latest weight is kept in 4 bits, as a file has a
 * weight next to its scales.
 */
final class FourBitWriter {

  private final Checkpoint source;
  private final FourBitFormat format;
  private final FourBitKernels kernels;
  private @Nullable String latestName;
  private @Nullable QuantizedTensor latest;

  FourBitWriter(Checkpoint source, FourBitFormat format, FourBitKernels kernels) {
    this.source = source;
    this.format = format;
    this.kernels = kernels;
  }

  /**
   * Returns the tensors of one weight. If scales are quantized, the weight is read here once, since
   * the size of the JSON depends on their mean.
   */
  List<TensorData> tensors(String name) {
    StoredWeight weight = new StoredWeight(source, name);
    Optional<NestedScales> nested =
        format.doubleQuantized()
            ? Optional.of(NestedScales.of(weight.absmax(format)))
            : Optional.empty();
    ComponentNames names = new ComponentNames(name);
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(codes(weight));
    tensors.add(
        nested.isPresent()
            ? bytes(names.absmax(), weight.blocks(format), () -> scaleCodes(weight))
            : floats(names.absmax(), weight.blocks(format), () -> weight.absmax(format)));
    float[] numbers = format.code().numbers();
    tensors.add(floats(names.numbers(), numbers.length, () -> numbers));
    nested.ifPresent(scales -> addNested(names, scales, tensors));
    byte[] state = state(weight, nested).toBytes();
    tensors.add(bytes(names.state(format.code()), state.length, () -> ByteBuffer.wrap(state)));
    return tensors;
  }

  /** Adds the nested scales, which keep the second-level scales but not the codes. */
  private static void addNested(
      ComponentNames names, NestedScales scales, List<TensorData> tensors) {
    float[] absmax = scales.absmax();
    float[] numbers = scales.numbers();
    tensors.add(floats(names.nestedAbsmax(), absmax.length, () -> absmax));
    tensors.add(floats(names.nestedNumbers(), numbers.length, () -> numbers));
  }

  private QuantState state(StoredWeight weight, Optional<NestedScales> nested) {
    return new QuantState(
        format.code(),
        format.blockSize(),
        weight.entry().type(),
        weight.entry().shape(),
        nested.map(scales -> new QuantState.Nested(scales.blockSize(), scales.offset())));
  }

  private TensorData codes(StoredWeight weight) {
    long bytes = QuantizedTensor.packedBytes(weight.entry().elements());
    return TensorData.of(
        weight.entry().name(), StoredType.U8, List.of(bytes, 1L), () -> quantized(weight).packed());
  }

  private ByteBuffer scaleCodes(StoredWeight weight) {
    return ByteBuffer.wrap(((NestedScales) quantized(weight).scales()).codes());
  }

  private QuantizedTensor quantized(StoredWeight weight) {
    if (!weight.entry().name().equals(latestName)) {
      latest = null; // released before the next one is created
      latestName = weight.entry().name();
    }
    QuantizedTensor found = latest == null ? weight.quantize(format, kernels) : latest;
    latest = found;
    return found;
  }

  private static TensorData bytes(String name, long count, Supplier<ByteBuffer> content) {
    return TensorData.of(name, StoredType.U8, List.of(count), content);
  }

  private static TensorData floats(String name, long count, Supplier<float[]> content) {
    return TensorData.of(
        name,
        StoredType.F32,
        List.of(count),
        () -> {
          float[] values = content.get();
          ByteBuffer bytes =
              ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          return bytes;
        });
  }
}
