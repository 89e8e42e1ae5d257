package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitCode;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.Int8Matrix;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.StoredFloats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors larger than the pieces they are read and written in. */
class StreamingTest {

  /** Whole pieces and a part of one, which ends within a block and a byte. */
  private static final int ROWS = 1031;

  private static final int COLUMNS = 1025;
  private static final int COUNT = ROWS * COLUMNS;
  private static final JavaKernels KERNELS = JavaKernels.INSTANCE;

  @TempDir private Path temporary;

  @ParameterizedTest
  @CsvSource({"64, true", "64, false", "4096, true"})
  void piecesGiveWhatTheWholeTensorGives(int blockSize, boolean doubleQuantized) {
    FourBitFormat format = new FourBitFormat(FourBitCode.NF4, blockSize, doubleQuantized);
    float[] values = values();
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(COUNT));
    float[] absmax = new float[(int) format.blocks(COUNT)];
    KERNELS.quantize(format, values, COUNT, packed, absmax, 0);
    Path quantized = temporary.resolve("quantized.safetensors");
    try (Checkpoint source = written(values)) {
      FourBitWriter writer = new FourBitWriter(source, format, KERNELS);
      SafetensorsWriter.create().writeFile(quantized, writer.tensors("w"));
      assertThat(new StoredWeight(source, "w").absmax(format)).isEqualTo(absmax);
    }
    try (Checkpoint found = Checkpoint.openFile(quantized)) {
      FourBitReader reader = new FourBitReader(found);
      assertThat(reader.weights()).containsExactly("w");
      assertThat(Golden.bytes(found, "w")).isEqualTo(Golden.bytes(packed.flip()));
      QuantizedTensor tensor = reader.read("w");
      assertThat(tensor.format()).isEqualTo(format);
      assertThat(tensor.shape()).containsExactly((long) ROWS, (long) COLUMNS);
      assertThat(dequantized(reader)).isEqualTo(whole(tensor));
    }
  }

  @Test
  void theIndexOfABadWeightCountsFromTheStartOfTheTensor() {
    float[] values = values();
    values[COUNT - 3] = Float.POSITIVE_INFINITY;
    try (Checkpoint source = written(values)) {
      assertThatThrownBy(
              () -> new StoredWeight(source, "w").quantize(Quantization.nf4().format(), KERNELS))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("Infinity at [1030, 1022]");
    }
  }

  /** GPT-2 stores projections as [in, out]. */
  @Test
  void transposedPiecesGiveWhatTheTransposedTensorGives() {
    FourBitFormat format = Quantization.nf4().format();
    float[] values = values();
    float[] turned = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      turned[i % COLUMNS * ROWS + i / COLUMNS] = values[i];
    }
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(COUNT));
    float[] absmax = new float[(int) format.blocks(COUNT)];
    KERNELS.quantize(format, turned, COUNT, packed, absmax, 0);
    try (Checkpoint source = written(values)) {
      StoredWeight weight = new StoredWeight(source, "w", true);
      assertThat(weight.absmax(format)).isEqualTo(absmax);
      ByteBuffer found = ByteBuffer.allocate(packed.capacity());
      weight.quantize(format, KERNELS, found);
      assertThat(found.array()).isEqualTo(packed.array());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void piecesInEightBitsGiveWhatTheWholeTensorGives(boolean transposed) {
    Int8Case.needTheLibrary();
    float[] values = values();
    float[] turned = values.clone();
    for (int i = 0; transposed && i < COUNT; i++) {
      turned[i % COLUMNS * ROWS + i / COLUMNS] = values[i];
    }
    long rows = transposed ? COLUMNS : ROWS;
    long columns = COUNT / rows;
    try (Scope scope = Scope.open();
        Checkpoint source = written(values);
        Int8Matrix found = new StoredWeight(source, "w", transposed).toInt8();
        Int8Matrix wanted = Int8Matrix.of(Tensor.of(turned, rows, columns))) {
      Tensor restored = Tensor.empty(DType.F32, rows, columns);
      Tensor whole = Tensor.empty(DType.F32, rows, columns);
      found.dequantize(restored);
      wanted.dequantize(whole);
      assertThat(restored.toFloats()).isEqualTo(whole.toFloats());
    }
  }

  @Test
  void aBadWeightInEightBitsIsFoundToo() {
    Int8Case.needTheLibrary();
    long before = Tensor.live();
    float[] values = values();
    values[COUNT - 3] = Float.NaN;
    try (Checkpoint source = written(values)) {
      assertThatThrownBy(() -> new StoredWeight(source, "w").toInt8())
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("NaN at [1030, 1022]");
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** A mapped piece counts as RSS until the garbage collector comes by. */
  @Test
  void quantizingATransposedTensorMapsNothing() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    assumeThat(maps).exists();
    try (Checkpoint source = written(values())) {
      new StoredWeight(source, "w", true).quantize(Quantization.nf4().format(), KERNELS);
      String file = temporary.resolve("source.safetensors").toString();
      assertThat(Files.readAllLines(maps)).noneMatch(line -> line.contains(file));
    }
  }

  private float[] dequantized(FourBitReader reader) {
    Path plain = temporary.resolve("plain.safetensors");
    SafetensorsWriter.create()
        .writeFile(plain, List.of(PlainWeights.dequantized(reader, "w", StoredType.F32, KERNELS)));
    try (Checkpoint found = Checkpoint.openFile(plain)) {
      assertThat(found.entry("w").shape()).containsExactly((long) ROWS, (long) COLUMNS);
      return Golden.floats(found, "w");
    }
  }

  private static float[] whole(QuantizedTensor tensor) {
    float[] values = new float[COUNT];
    KERNELS.dequantize(tensor, 0, values, COUNT);
    return values;
  }

  private Checkpoint written(float[] values) {
    Path file = temporary.resolve("source.safetensors");
    ByteBuffer bytes = ByteBuffer.allocate(2 * COUNT).order(ByteOrder.LITTLE_ENDIAN);
    StoredFloats.encode(StoredType.BF16, values, COUNT, bytes);
    List<Long> shape = List.of((long) ROWS, (long) COLUMNS);
    SafetensorsWriter.create()
        .writeFile(file, List.of(TensorData.of("w", StoredType.BF16, shape, bytes::flip)));
    return Checkpoint.openFile(file);
  }

  /** Random numbers that BF16 holds exactly. */
  private static float[] values() {
    Random random = new Random(5);
    float[] values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      int bits = Float.floatToRawIntBits((float) random.nextGaussian());
      values[i] = Float.intBitsToFloat(bits & 0xFFFF0000);
    }
    return values;
  }
}
