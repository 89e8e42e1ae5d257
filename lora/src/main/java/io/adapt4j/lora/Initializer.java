package io.adapt4j.lora;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.lora.internal.Factorization;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.layer.LoraLinear;
import io.adapt4j.lora.internal.layer.LoraMatrices;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/** Initializes LoRA matrices. The same seed gives the same values. */
final class Initializer {

  /** Divisor of orthogonal matrices, as in PEFT. */
  private static final double ORTHOGONAL_DIVISOR = 10;

  /** Values drawn at a time. */
  private static final int DRAWN = 1 << 14;

  private final LoraInit kind;
  private final SplittableRandom random;
  private float[] drawn = new float[0];

  Initializer(LoraInit kind, long seed) {
    this.kind = kind;
    this.random = new SplittableRandom(seed);
    Torch.seed(seed);
  }

  /** Initializes one layer; the caller calls {@link LoraLinear#refresh} afterwards. */
  void fill(LoraLinear layer) {
    for (int i = 0; i < layer.adapted().size(); i++) {
      try (Scope scope = Scope.open()) {
        Tensor a = layer.factors().a(i);
        Tensor b = layer.factors().b(i);
        if (kind.leavesResidual()) {
          takeOut(layer, i, a, b);
        } else if (kind == LoraInit.ORTHOGONAL) {
          orthogonal(a, b);
        } else {
          draw(a, kind == LoraInit.GAUSSIAN ? gaussian(a.size(0)) : uniform(a.size(1)));
          zero(b);
        }
      }
    }
    layer.keepLengths();
  }

  /** Kaiming uniform (He et al. 2015) with a = sqrt 5. */
  private DoubleSupplier uniform(long in) {
    double bound = 1 / Math.sqrt((double) in);
    return () -> (2 * random.nextDouble() - 1) * bound;
  }

  private DoubleSupplier gaussian(long rank) {
    return () -> random.nextGaussian() / rank;
  }

  /** Fills a matrix a few rows at a time: an array of the whole matrix could exhaust the heap. */
  private void draw(Tensor target, DoubleSupplier values) {
    int width = Math.toIntExact(target.size(1));
    long most = Math.max(1, DRAWN / width);
    for (long row = 0; row < target.size(0); row += most) {
      long rows = Math.min(most, target.size(0) - row);
      int count = Math.toIntExact(rows * width);
      if (drawn.length != count) {
        drawn = new float[count];
      }
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] = (float) values.getAsDouble();
      }
      try (Tensor part = target.narrow(0, row, rows);
          Tensor source = Tensor.of(drawn, rows, width)) {
        part.copyFrom(source);
      }
    }
  }

  private static void zero(Tensor target) {
    target.copyFrom(Tensor.zeros(DType.F32, 1));
  }

  /** Initializes from a factorization of the weight, storing the negated matrices as well. */
  private void takeOut(LoraLinear layer, int index, Tensor a, Tensor b) {
    AdaptedPart part = layer.adapted().get(index);
    Tensor weight = layer.baseRows(index);
    if (kind instanceof LoraInit.Pissa pissa) {
      Factorization found = Factorization.principal(weight, part.rank(), pissa.iterations());
      double share = 1 / Math.sqrt(part.scale());
      b.copyFrom(found.left().scaled(share));
      a.copyFrom(found.right().scaled(share));
    } else {
      Factorization found = Factorization.leadingQr(weight, part.rank());
      b.copyFrom(found.left());
      a.copyFrom(found.right());
    }
    LoraMatrices initial = Objects.requireNonNull(layer.initial());
    initial.a(index).copyFrom(a);
    initial.b(index).copyFrom(b);
  }

  /** Builds A from odd rows of an orthogonal matrix and B from even ones, so that B A is zero. */
  private void orthogonal(Tensor a, Tensor b) {
    long rank = a.size(0);
    Tensor square = Tensor.empty(DType.F32, rank, rank);
    draw(square, random::nextGaussian);
    Tensor rows = Factorization.leadingQr(square, Math.toIntExact(rank)).left();
    a.copyFrom(mixed(rows, 0, a.size(1)).transposed());
    b.copyFrom(mixed(rows, 1, b.size(0)));
  }

  /** Returns random combinations [count, rank] of every other row. */
  private Tensor mixed(Tensor rows, int first, long count) {
    long rank = rows.size(0);
    float[] all = rows.toFloats();
    float[] half = new float[all.length / 2];
    int width = Math.toIntExact(rank);
    for (int row = first; row < width; row += 2) {
      System.arraycopy(all, row * width, half, row / 2 * width, width);
    }
    Tensor weights = Tensor.empty(DType.F32, count, rank / 2);
    draw(weights, random::nextGaussian);
    return weights.times(Tensor.of(half, rank / 2, rank)).scaled(1 / ORTHOGONAL_DIVISOR);
  }
}
