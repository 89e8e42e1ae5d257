package io.adapt4j.benchmarks.quantized;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitCode;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Random 4-bit weights of one shape, in NF4 with blocks of 64 and scales in 8 bits; enough to
 * exceed any cache, like the layers of a model.
 */
public final class FourBitWeights implements AutoCloseable {

  private static final int BLOCK = 64;
  private static final int SCALE_BLOCK = 256;

  private final List<FourBitWeight> weights = new ArrayList<>();
  private final List<Tensor> codes = new ArrayList<>();
  private final int rows;
  private final int columns;

  public FourBitWeights(int variant, int rows, int columns, int count) {
    this.rows = rows;
    this.columns = columns;
    Random random = new Random(1);
    for (int i = 0; i < count; i++) {
      Tensor packed = Tensor.empty(DType.U8, (long) rows * columns / 2).own();
      codes.add(packed);
      ByteBuffer bytes = packed.data();
      byte[] row = new byte[columns / 2];
      for (int r = 0; r < rows; r++) {
        random.nextBytes(row);
        bytes.put(row);
      }
      weights.add(weight(variant, packed.data(), random));
    }
  }

  private FourBitWeight weight(int variant, ByteBuffer packed, Random random) {
    FourBitWeight weight =
        new FourBitWeight(variant, packed, rows, columns, BLOCK, FourBitCode.NF4.numbers());
    byte[] scales = new byte[rows * columns / BLOCK];
    random.nextBytes(scales);
    float[] numbers = new float[256];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (i - 128) / 128f;
    }
    float[] absmax = new float[(scales.length + SCALE_BLOCK - 1) / SCALE_BLOCK];
    Arrays.fill(absmax, 0.01f);
    weight.nestedScales(scales, scales.length, numbers, absmax, absmax.length, SCALE_BLOCK, 0.05f);
    return weight;
  }

  public int count() {
    return weights.size();
  }

  /** Returns the size of codes and scales of one weight. */
  public long bytes() {
    long count = (long) rows * columns;
    return count / 2 + count / BLOCK + count / BLOCK / SCALE_BLOCK * Float.BYTES;
  }

  /** Dequantizes one weight to BF16. */
  public void dequantize(int index, ByteBuffer target, int threads) {
    weights.get(index).dequantize(target, 2, threads);
  }

  /** Multiplies by one weight, in BF16. */
  public void multiply(int index, ByteBuffer x, int n, ByteBuffer y, int threads) {
    weights.get(index).multiply(x, n, 2, y, rows, 0, threads);
  }

  @Override
  public void close() {
    weights.forEach(FourBitWeight::close);
    codes.forEach(Tensor::close);
  }
}
