package io.adapt4j.kernels.internal;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLayout;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import io.adapt4j.core.internal.tensor.op.JoinedHeads;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.kernels.internal.cpu.LayerKernels;
import java.nio.LongBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Layer kernels in C++, on as many threads as libtorch. */
record CpuLayerKernels(CpuVariant variant) implements HostKernels {

  /** System property; {@code off} runs layers by libtorch's operators. */
  static final String PROPERTY = "adapt4j.kernels.layers";

  /** Minimum number of rows for which packing the other matrix pays off. */
  private static final long LEAST_ROWS = 64;

  /** Minimum size of a product that benefits. */
  private static final long LEAST_PRODUCTS = 1L << 20;

  /** Provider of the kernels of this process. */
  public static final class Provider implements HostKernels.Provider {

    /** Called by {@link java.util.ServiceLoader}. */
    public Provider() {}

    @Override
    public Optional<HostKernels> open() {
      boolean off = "off".equals(System.getProperty(PROPERTY));
      return off || !CpuLibrary.get().isPresent()
          ? Optional.empty()
          : Optional.of(new CpuLayerKernels(CpuKernels.open().variant()));
    }

    @Override
    public String description() {
      return KernelDescription.ofProcess();
    }
  }

  @Override
  public boolean hasRows(DType type) {
    return type == DType.F32 || type == DType.BF16;
  }

  @Override
  public void layerNorm(
      Tensor x,
      @Nullable Tensor added,
      Tensor weight,
      @Nullable Tensor bias,
      double eps,
      Tensor y) {
    long width = weight.count();
    LayerKernels.layerNorm(
        variant.number,
        x.address(),
        address(added),
        weight.address(),
        address(bias),
        code(x),
        x.count() / width,
        width,
        (float) eps,
        y.address(),
        Torch.threads());
  }

  @Override
  public boolean hasActivation(Activation activation) {
    return activation == Activation.GELU || activation == Activation.GELU_TANH;
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor y) {
    long width = last(x);
    LayerKernels.activate(
        variant.number,
        activation.kind(),
        x.address(),
        code(x),
        x.count() / width,
        width,
        y.address(),
        Torch.threads());
  }

  @Override
  public void restore(Tensor rows, long from, long count, Tensor y, long place) {
    LayerKernels.restore(
        variant.number,
        rows.address(),
        rows.size(0) * rows.size(1),
        rows.size(2),
        from,
        count,
        y.size(3),
        code(y),
        y.address(),
        y.size(2),
        place,
        Torch.threads());
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, double offset, double eps, Tensor y) {
    long width = weight.count();
    LayerKernels.rmsNorm(
        variant.number,
        x.address(),
        weight.address(),
        code(x),
        x.count() / width,
        width,
        (float) offset,
        (float) eps,
        y.address(),
        Torch.threads());
  }

  @Override
  public void rmsNormBackward(
      Tensor dy,
      Tensor x,
      Tensor weight,
      double offset,
      double eps,
      @Nullable Tensor added,
      Tensor dx,
      @Nullable Tensor dweight) {
    long width = weight.count();
    LayerKernels.rmsNormBackward(
        variant.number,
        dy.address(),
        x.address(),
        weight.address(),
        code(x),
        x.count() / width,
        width,
        (float) offset,
        (float) eps,
        address(added),
        dx.address(),
        address(dweight),
        Torch.threads());
  }

  @Override
  public boolean hasGate(Activation activation) {
    return activation == Activation.SILU || activation == Activation.GELU_TANH;
  }

  @Override
  public void gated(Tensor x, Activation activation, Tensor y) {
    long width = last(y);
    LayerKernels.gated(
        variant.number,
        activation.kind(),
        x.address(),
        code(x),
        y.count() / width,
        width,
        y.address(),
        Torch.threads());
  }

  @Override
  public void gatedBackward(Tensor dy, Tensor x, Activation activation, Tensor dx) {
    long width = last(dy);
    LayerKernels.gatedBackward(
        variant.number,
        activation.kind(),
        dy.address(),
        x.address(),
        code(x),
        dy.count() / width,
        width,
        dx.address(),
        Torch.threads());
  }

  @Override
  public double crossEntropy(
      Tensor logits,
      Tensor targets,
      @Nullable Tensor weights,
      double scale,
      double cap,
      boolean gradient) {
    requireKnown(targets, logits.size(1));
    return LayerKernels.crossEntropy(
        variant.number,
        logits.address(),
        code(logits),
        logits.size(0),
        logits.size(1),
        targets.address(),
        address(weights),
        (float) scale,
        (float) cap,
        gradient,
        Torch.threads());
  }

  private static void requireKnown(Tensor targets, long vocabulary) {
    LongBuffer ids = targets.data().asLongBuffer();
    while (ids.hasRemaining()) {
      long id = ids.get();
      if (id < 0 || id >= vocabulary) {
        throw new EngineException(
            "A target is token %d, and the model scores tokens 0 to %d"
                .formatted(id, vocabulary - 1));
      }
    }
  }

  /** Returns whether these kernels multiply; on processors with AMX, libtorch is faster. */
  @Override
  public boolean multiplies(DType type, long rows, long depth, long columns) {
    return variant == CpuVariant.AVX512BF16
        && type == DType.BF16
        && depth % 2 == 0
        && rows >= LEAST_ROWS
        && rows * depth * columns >= LEAST_PRODUCTS;
  }

  @Override
  public boolean hasLinear(DType type, long rows, long depth, long columns) {
    boolean isWide =
        variant == CpuVariant.AVX512
            && type == DType.BF16
            && rows >= LEAST_ROWS
            && rows * depth * columns >= LEAST_PRODUCTS;
    return isWide || multiplies(type, rows, depth, columns);
  }

  @Override
  public void linear(Tensor x, Tensor weight, @Nullable Tensor bias, Tensor y) {
    if (variant != CpuVariant.AVX512) {
      multiply(x, weight, true, bias, y, false);
      return;
    }
    long depth = last(x);
    LayerKernels.multiplyWide(
        variant.number,
        x.address(),
        x.count() / depth,
        depth,
        weight.address(),
        last(y),
        address(bias),
        y.address(),
        Torch.threads());
  }

  @Override
  public void multiply(
      Tensor a, Tensor b, boolean transposed, @Nullable Tensor bias, Tensor c, boolean added) {
    multiply(a, b, null, null, transposed, bias, c, added);
  }

  @Override
  public void multiplyPairs(
      Tensor a,
      Tensor b,
      Tensor a2,
      Tensor b2,
      boolean transposed,
      @Nullable Tensor bias,
      Tensor c) {
    multiply(a, b, a2, b2, transposed, bias, c, false);
  }

  private static void multiply(
      Tensor a,
      Tensor b,
      @Nullable Tensor a2,
      @Nullable Tensor b2,
      boolean transposed,
      @Nullable Tensor bias,
      Tensor c,
      boolean added) {
    long depth = last(a);
    LayerKernels.multiply(
        a.address(),
        a.count() / depth,
        depth,
        b.address(),
        transposed,
        last(c),
        address(a2),
        a2 == null ? 0 : last(a2),
        address(b2),
        address(bias),
        c.address(),
        added,
        Torch.threads());
  }

  @Override
  public void multiplyTransposed(Tensor a, Tensor b, Tensor c) {
    long m = last(a);
    LayerKernels.multiplyTransposed(
        a.address(),
        a.count() / m,
        m,
        b.address(),
        last(b),
        c.address(),
        c.type() == DType.F32,
        Torch.threads());
  }

  @Override
  public boolean attends(DType type, long dim) {
    return variant.hasBrainProducts() && type == DType.BF16 && dim % 2 == 0;
  }

  @Override
  public void attend(Tensor q, Tensor k, Tensor v, AttentionRule rule, Tensor y) {
    long[] tensors = new long[16];
    heads(tensors, 0, q);
    heads(tensors, 1, k);
    heads(tensors, 2, v);
    joined(tensors, 3, y, q.size(3));
    run(tensors, sizes(q, k), null, rule, false);
  }

  @Override
  public void attendBackward(
      Tensor dy,
      Tensor q,
      Tensor k,
      Tensor v,
      AttentionRule rule,
      Tensor dq,
      Tensor dk,
      Tensor dv) {
    long[] tensors = new long[32];
    heads(tensors, 0, q);
    heads(tensors, 1, k);
    heads(tensors, 2, v);
    joined(tensors, 4, dy, q.size(3));
    heads(tensors, 5, dq);
    heads(tensors, 6, dk);
    heads(tensors, 7, dv);
    run(tensors, sizes(q, k), null, rule, true);
  }

  @Override
  public void attendRotated(
      Tensor projected, JoinedHeads heads, RotaryTable table, AttentionRule rule, Tensor y) {
    long[] tensors = new long[16];
    parts(tensors, 0, projected, heads);
    joined(tensors, 3, y, heads.dim());
    run(tensors, sizes(projected, heads), table, rule, false);
  }

  @Override
  public void attendRotatedBackward(
      Tensor dy,
      Tensor projected,
      JoinedHeads heads,
      RotaryTable table,
      AttentionRule rule,
      Tensor dprojected) {
    long[] tensors = new long[32];
    parts(tensors, 0, projected, heads);
    joined(tensors, 4, dy, heads.dim());
    parts(tensors, 5, dprojected, heads);
    run(tensors, sizes(projected, heads), table, rule, true);
  }

  private static void run(
      long[] tensors,
      long[] sizes,
      @Nullable RotaryTable table,
      AttentionRule rule,
      boolean backward) {
    long half = table == null ? 0 : last(table.cos());
    boolean ofRows = table != null && table.cos().sizes().length == 4;
    LayerKernels.attend(
        tensors,
        sizes,
        table == null ? 0 : table.cos().address(),
        table == null ? 0 : table.sin().address(),
        half,
        ofRows ? sizes[3] * half : 0,
        rule.causal(),
        rule.window(),
        (float) rule.scale(),
        (float) rule.softCap(),
        backward,
        Torch.threads());
  }

  private static long[] sizes(Tensor q, Tensor k) {
    return new long[] {q.size(0), q.size(1), k.size(1), q.size(2), k.size(2), q.size(3)};
  }

  private static long[] sizes(Tensor projected, JoinedHeads heads) {
    long length = projected.size(1);
    return new long[] {
      projected.size(0), heads.query(), heads.keyValue(), length, length, heads.dim()
    };
  }

  /** Sets the addresses of queries, keys and values in a joined projection. */
  private static void parts(long[] tensors, int index, Tensor x, JoinedHeads heads) {
    long bytes = heads.dim() * x.type().bytes();
    joined(tensors, index, x, heads.dim());
    joined(tensors, index + 1, x, heads.dim());
    joined(tensors, index + 2, x, heads.dim());
    tensors[4 * (index + 1)] += heads.query() * bytes;
    tensors[4 * (index + 2)] += (heads.query() + heads.keyValue()) * bytes;
  }

  private static void heads(long[] tensors, int index, Tensor x) {
    TensorLayout layout = TensorLayout.of(x);
    if (layout.strides()[3] != 1) {
      throw new IllegalArgumentException("Entries of a head do not lie side by side");
    }
    tensors[4 * index] = layout.address();
    System.arraycopy(layout.strides(), 0, tensors, 4 * index + 1, 3);
  }

  /** Sets the layout of [B, T, H D] as heads. */
  private static void joined(long[] tensors, int index, Tensor x, long dim) {
    tensors[4 * index] = x.address();
    tensors[4 * index + 1] = x.size(1) * x.size(2);
    tensors[4 * index + 2] = dim;
    tensors[4 * index + 3] = x.size(2);
  }

  private static long last(Tensor x) {
    long[] sizes = x.sizes();
    return sizes[sizes.length - 1];
  }

  private static long address(@Nullable Tensor tensor) {
    return tensor == null ? 0 : tensor.address();
  }

  private static int code(Tensor x) {
    return CpuMatrix.code("x", x.type());
  }
}
