package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.lora.internal.LowRank;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The A and B matrices of all adapted parts of one layer: fp32 master weights, gradients if they
 * train, and the packed pair for computing ({@link LowRank}) in the model's compute type.
 */
public final class LoraMatrices implements AutoCloseable {

  /** A matrices stacked by rows, [sum of ranks, in]. */
  private final Parameter a;

  /** B matrices, [width, rank]. */
  private final List<Parameter> b = new ArrayList<>();

  private final LowRank.Layout layout;
  private final Tensor packedA;
  private final Tensor packedB;

  /** Views of each part's entries in the packed pair. */
  private final List<Tensor> partA = new ArrayList<>();

  private final List<Tensor> partB = new ArrayList<>();

  /** Allocates zero matrices. */
  LoraMatrices(List<AdaptedPart> adapted, long in, long out, DType type, int sign) {
    this.layout =
        new LowRank.Layout(
            adapted.stream().mapToLong(part -> part.part().start()).toArray(),
            adapted.stream().mapToDouble(part -> sign * part.scale()).toArray());
    List<Slice> slices = new ArrayList<>();
    long ranks = 0;
    for (AdaptedPart part : adapted) {
      slices.add(new Slice(PeftNames.a(part.part().path()), ranks, part.rank()));
      ranks += part.rank();
      b.add(Parameter.of(PeftNames.b(part.part().path()), part.part().width(), part.rank()));
    }
    a = new Parameter(slices, ranks, in);
    parameters().forEach(factor -> factor.allocate(DType.F32));
    TensorLists.zero(parameters().stream().map(Parameter::value).toList());
    packedA = type == DType.F32 ? a.value() : Tensor.zeros(type, a.sizes()).own();
    packedB = Tensor.zeros(type, out, ranks).own();
    for (Slice slice : slices) {
      partA.add(packedA.narrow(0, slice.start(), slice.rows()).own());
      partB.add(packedB.narrow(1, slice.start(), slice.rows()).own());
    }
  }

  List<Parameter> parameters() {
    return Stream.concat(Stream.of(a), b.stream()).toList();
  }

  /** Returns a view of one part's fp32 A. */
  public Tensor a(int index) {
    Slice ranks = a.slices().get(index);
    return a.value().narrow(0, ranks.start(), ranks.rows());
  }

  /** Returns one part's fp32 B. */
  public Tensor b(int index) {
    return b.get(index).value();
  }

  Tensor packedA() {
    return packedA;
  }

  Tensor packedB() {
    return packedB;
  }

  Tensor partA(int index) {
    return partA.get(index);
  }

  /** Returns one part's packed B, [out of the layer, rank]. */
  Tensor partB(int index) {
    return partB.get(index);
  }

  void train() {
    parameters().forEach(Parameter::train);
  }

  /** Returns A and B of one part for the optimizer. */
  Stream<Parameter.Trainable> trained(int index) {
    return Stream.concat(Stream.of(a.trained().get(index)), b.get(index).trained().stream());
  }

  /** Updates the packed pair. */
  void refresh() {
    if (packedA != a.value()) {
      packedA.copyFrom(a.value());
    }
    LowRank.pack(packedB, b.stream().map(Parameter::value).toList(), layout);
  }

  /** Adds gradients of the packed pair to those of all parts. */
  void accumulate(Tensor da, Tensor db) {
    if (a.isTrained()) {
      List<Tensor> gradients = b.stream().map(Parameter::gradient).toList();
      LowRank.accumulate(da, db, a.gradient(), gradients, layout);
    }
  }

  /**
   * Adds gradients of one part's packed matrices.
   *
   * @param da [rank, in]
   * @param db [rows, rank]
   */
  void accumulate(int index, Tensor da, Tensor db, long start) {
    if (a.isTrained()) {
      Slice ranks = a.slices().get(index);
      LowRank.Layout own =
          new LowRank.Layout(new long[] {start}, new double[] {layout.scales()[index]});
      try (Tensor rows = a.gradient().narrow(0, ranks.start(), ranks.rows())) {
        LowRank.accumulate(da, db, rows, List.of(b.get(index).gradient()), own);
      }
    }
  }

  @Override
  public void close() {
    partA.forEach(Tensor::close);
    partB.forEach(Tensor::close);
    parameters().forEach(Parameter::close);
    packedA.close();
    packedB.close();
  }
}
