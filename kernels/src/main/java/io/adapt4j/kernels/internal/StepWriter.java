package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.HeadsLayerNorm;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.nn.norm.UnitLayerNorm;
import io.adapt4j.core.internal.nn.norm.UnitRmsNorm;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Emits the building blocks of a step program: buffers, norms and linear layers. Intermediate
 * values stay in fp32; products round their input to the weight's type, as the operators do.
 */
final class StepWriter {

  /** Columns per group in 4-bit products. */
  private static final int GROUP = 64;

  private final StepProgram program;
  private final long hiddenSize;
  private final DType type;

  /** Whether products with quantized weights round activations to 8 bits. */
  private final boolean roundedActivations;

  /** Adapters selectable per token, by index. */
  private final List<AttachedAdapter> adapters;

  /** Whether keys and values are cached in 8 bits. */
  private final boolean cachesInEightBits;

  private final Map<String, Integer> buffers = new HashMap<>();

  /** Whether the layers have unquantized weights, which are multiplied with many tokens at once. */
  private boolean isPlain = true;

  StepWriter(
      StepProgram program,
      long hiddenSize,
      DType type,
      boolean roundedActivations,
      boolean cachesInEightBits,
      List<AttachedAdapter> adapters) {
    this.program = program;
    this.hiddenSize = hiddenSize;
    this.type = type;
    this.roundedActivations = roundedActivations;
    this.cachesInEightBits = cachesInEightBits;
    this.adapters = adapters;
  }

  StepProgram program() {
    return program;
  }

  long hiddenSize() {
    return hiddenSize;
  }

  DType type() {
    return type;
  }

  /** Returns the number of the type of cached keys and values. */
  int cacheCode() {
    return cachesInEightBits ? StepArguments.EIGHT_BITS : StepArguments.code(type);
  }

  boolean isPlain() {
    return isPlain;
  }

  /** Returns a buffer that all layers share, one after the other. */
  int shared(String use, long width) {
    return buffers.computeIfAbsent(use + ' ' + width, name -> program.buffer(width));
  }

  /** Returns a shared buffer with several rows per token. */
  int shared(String use, long width, int rows) {
    return buffers.computeIfAbsent(
        use + ' ' + width + " of " + rows, name -> program.buffer(width, rows));
  }

  /** Destination of a branch's output. */
  record Branch(int residual, Norm after, double scale) {

    boolean isDirect() {
      return after instanceof Norm.None;
    }

    /** Returns the same destination with its scale multiplied. */
    Branch times(double factor) {
      return new Branch(residual, after, scale * factor);
    }
  }

  /** Emits the last layer of a branch. */
  void branch(LinearSlot linear, int x, Branch branch) {
    if (branch.isDirect()) {
      linear(linear, x, branch.residual(), (float) branch.scale(), true);
    } else {
      int y = shared("branch", hiddenSize);
      linear(linear, x, y, 1, false);
      addNormed(y, branch);
    }
  }

  /** Adds what a branch computed to the residual stream, through its norm. */
  void addNormed(int y, Branch branch) {
    normInPlace(branch.after(), y);
    program.add(y, branch.residual(), (float) branch.scale(), -1);
  }

  /** Emits a norm with its result scaled. */
  int scaledNorm(Norm norm, int from, String use, double factor) {
    int normed = norm(norm, from, use);
    int to = shared(use, hiddenSize);
    program.scale(normed, to, 0, hiddenSize, (float) factor);
    return to;
  }

  int norm(Norm norm, int from, String use) {
    if (norm instanceof Norm.None) {
      return from;
    }
    int to = shared(use, hiddenSize);
    segments(norm, from, to, 0, hiddenSize, 0, 1);
    return to;
  }

  void normInPlace(Norm norm, int buffer) {
    if (!(norm instanceof Norm.None)) {
      segments(norm, buffer, 0, hiddenSize, 0, 1);
    }
  }

  void segments(Norm norm, int buffer, long start, long width, long stride, int count) {
    segments(norm, buffer, buffer, start, width, stride, count);
  }

  private void segments(
      Norm norm, int from, int to, long start, long width, long stride, int count) {
    if (norm instanceof RmsNorm rms) {
      norm(
          from,
          to,
          start,
          width,
          stride,
          count,
          false,
          rms.weight(),
          null,
          rms.offset(),
          rms.eps());
    } else if (norm instanceof LayerNorm layer) {
      norm(
          from,
          to,
          start,
          width,
          stride,
          count,
          true,
          layer.weight(),
          layer.bias(),
          layer.offset(),
          layer.eps());
    } else if (norm instanceof HeadsLayerNorm heads) {
      norms(heads, from, to, start, width);
    } else if (norm instanceof UnitLayerNorm unit) {
      norm(from, to, start, width, stride, count, true, unit.eps());
    } else if (norm instanceof UnitRmsNorm unit) {
      norm(from, to, start, width, stride, count, false, unit.eps());
    } else if (!(norm instanceof Norm.None)) {
      throw new Unsupported();
    }
  }

  private void norms(HeadsLayerNorm heads, int from, int to, long start, long width) {
    long each = heads.width();
    for (long at = 0; at < width; at += each) {
      program.norm(
          from,
          to,
          start + at,
          each,
          0,
          1,
          true,
          StepArguments.addressFrom(heads.weight(), at),
          0,
          StepArguments.code(heads.weight().value()),
          0,
          (float) heads.eps());
    }
  }

  /** Emits norms without weights. */
  private void norm(
      int from,
      int to,
      long start,
      long width,
      long stride,
      int count,
      boolean centered,
      double epsilon) {
    int code = StepArguments.code(type);
    program.norm(from, to, start, width, stride, count, centered, 0, 0, code, 0, (float) epsilon);
  }

  private void norm(
      int from,
      int to,
      long start,
      long width,
      long stride,
      int count,
      boolean centered,
      Parameter weight,
      @Nullable Parameter bias,
      double offset,
      double epsilon) {
    program.norm(
        from,
        to,
        start,
        width,
        stride,
        count,
        centered,
        StepArguments.address(weight),
        StepArguments.address(bias),
        StepArguments.code(weight.value()),
        (float) offset,
        (float) epsilon);
  }

  void linear(LinearSlot slot, int from, int to, float scale, boolean added) {
    LowRankUpdates updates = base(slot, from, to, scale, added);
    if (updates.isPresent()) {
      int inner = shared("low rank", updates.width());
      updates.write(program, from, inner, to, slot.linear(), scale);
    }
  }

  /** Emits the product of a layer without adapter updates, which are returned. */
  LowRankUpdates base(LinearSlot slot, int from, int to, float scale, boolean added) {
    Terms terms = new Terms(from, to, scale, added);
    if (!slot.linear().describe(terms)) {
      throw new Unsupported();
    }
    return terms.updates;
  }

  /** Emits products in order; the first of a layer overwrites its output unless all are added. */
  final class Terms implements QuantizedTerms {
    private final int from;
    private final int to;
    private final float scale;
    private final boolean added;
    private final LowRankUpdates updates = new LowRankUpdates(adapters);

    Terms(int from, int to, float scale, boolean added) {
      this.from = from;
      this.to = to;
      this.scale = scale;
      this.added = added;
    }

    @Override
    public void dense(Parameter weight, @Nullable Parameter bias) {
      product(from, to, 0, weight.value(), bias, scale, added);
    }

    @Override
    public void lowRank(AttachedAdapter adapter, boolean on, Tensor a, Tensor b) {
      updates.add(adapter, on, a, b);
    }

    @Override
    public boolean add(FourBitMatrix matrix, long start, @Nullable Parameter bias) {
      if (matrix instanceof FourBitBlocks inBlocks) {
        add(inBlocks.blocks(), start, bias);
        return true;
      }
      if (!(matrix instanceof CpuMatrix cpu) || cpu.columns() % GROUP != 0) {
        return false;
      }
      DType tokens = type == DType.F32 ? DType.F32 : DType.BF16;
      isPlain = false;
      program.fourBitProduct(
          from,
          to,
          start,
          cpu.open(),
          StepArguments.code(tokens),
          StepArguments.addressFrom(bias, start),
          StepArguments.codeOf(bias),
          scale,
          added);
      return true;
    }

    @Override
    public void add(Int8Matrix matrix, long start, @Nullable Parameter bias) {
      isPlain = false;
      program.int8Product(
          from,
          to,
          start,
          matrix.address(),
          matrix.rows(),
          matrix.columns(),
          StepArguments.addressFrom(bias, start),
          StepArguments.codeOf(bias),
          scale,
          added);
    }

    @Override
    public void add(BlockMatrix matrix, long start, @Nullable Parameter bias) {
      isPlain = false;
      program.blockProduct(
          from,
          to,
          start,
          matrix.type().id(),
          roundedActivations,
          matrix.address(),
          matrix.rows(),
          matrix.columns(),
          StepArguments.addressFrom(bias, start),
          StepArguments.codeOf(bias),
          scale,
          added);
    }
  }

  void product(
      int from,
      int to,
      long toStart,
      Tensor weight,
      @Nullable Parameter bias,
      float scale,
      boolean added) {
    program.product(
        from,
        0,
        to,
        toStart,
        StepArguments.address(weight),
        StepArguments.code(weight),
        weight.size(0),
        weight.size(1),
        StepArguments.address(bias),
        StepArguments.codeOf(bias),
        scale,
        added);
  }
}
