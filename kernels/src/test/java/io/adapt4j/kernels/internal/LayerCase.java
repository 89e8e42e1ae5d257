package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Tensors and comparisons that the tests of kernels for layers share. */
final class LayerCase {

  /** How far a number rounded to bfloat16 is from what it was, at most, as a share of it. */
  private static final double HALF_STEP = 1.0 / 256;

  private LayerCase() {}

  /** Normal values, rounded to a type. */
  static Tensor random(long seed, DType type, double spread, long... sizes) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[Math.toIntExact(Arrays.stream(sizes).reduce(1, (a, b) -> a * b))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (spread * random.nextGaussian());
    }
    return of(values, type, sizes);
  }

  static Tensor of(float[] values, DType type, long... sizes) {
    try (Tensor exact = Tensor.of(values, sizes)) {
      return exact.copyAs(type);
    }
  }

  /** Memory that holds what no kernel may leave there. */
  static Tensor unwritten(DType type, long... sizes) {
    float[] values = new float[Math.toIntExact(Arrays.stream(sizes).reduce(1, (a, b) -> a * b))];
    Arrays.fill(values, Float.NaN);
    return of(values, type, sizes);
  }

  static double[] doubles(Tensor tensor) {
    float[] values = tensor.toFloats();
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  /**
   * Sums in fp32 that are rounded once: each number within half a step of its type, besides a small
   * share of the largest.
   */
  static void assertRounded(String name, Tensor found, double[] wanted, double share) {
    double step = found.type() == DType.BF16 ? HALF_STEP : 0;
    double[] values = doubles(found);
    assertThat(values).as(name).hasSameSizeAs(wanted);
    double largest = Arrays.stream(wanted).map(Math::abs).max().orElse(0);
    for (int i = 0; i < values.length; i++) {
      double difference = Math.abs(values[i] - wanted[i]);
      double most = step * Math.abs(wanted[i]) + share * largest;
      if (!(difference <= most)) {
        assertThat(values[i]).as("%s[%d], within %s", name, i, most).isEqualTo(wanted[i]);
      }
    }
  }

  /** The length of the difference, as a share of what is wanted. */
  static double distance(double[] found, double[] wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    double difference = 0;
    double length = 0;
    for (int i = 0; i < found.length; i++) {
      difference += (found[i] - wanted[i]) * (found[i] - wanted[i]);
      length += wanted[i] * wanted[i];
    }
    return Math.sqrt(difference / length);
  }

  /** Every run must give the same numbers, whatever the number of threads. */
  static void assertTheSameOnAnyThreads(Supplier<float[]> run) {
    int before = Torch.threads();
    try {
      Torch.threads(1);
      float[] wanted = run.get();
      for (int threads = 2; threads <= 3; threads++) {
        Torch.threads(threads);
        assertThat(run.get()).as(threads + " threads").isEqualTo(wanted);
      }
    } finally {
      Torch.threads(before);
    }
  }

  /** Numbers one after the other. */
  static float[] joined(Tensor... tensors) {
    float[][] all = Arrays.stream(tensors).map(Tensor::toFloats).toArray(float[][]::new);
    float[] joined = new float[Arrays.stream(all).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : all) {
      System.arraycopy(part, 0, joined, at, part.length);
      at += part.length;
    }
    return joined;
  }
}
