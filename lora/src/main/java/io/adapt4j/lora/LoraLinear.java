package io.adapt4j.lora;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.LowRank;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Parameter.Slice;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.TensorLists;
import io.adapt4j.core.model.DenseLinear;
import io.adapt4j.core.model.Linear;
import io.adapt4j.core.model.LinearSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A linear layer with low-rank updates beside it: y = base(x) + scale B A x (Hu et al. 2021, eq.
 * 3).
 *
 * <p>The factors of all adapted parts of the layer are computed with as one pair ({@link LowRank}),
 * so that a fused layer costs two products more however many of its parts are adapted. Masters and
 * gradients are fp32; the packed pair is in the model's compute type. With dropout each part draws
 * a mask of its own, as PEFT's separate modules do, and the parts are computed one by one while
 * training.
 */
final class LoraLinear implements Linear {

  private final Linear base;
  private final List<AdapterPlan.Adapted> adapted;
  private final DType type;
  private final double dropout;
  private final long place;

  /** First factors below each other [sum of ranks, in]. */
  private final Parameter a;

  /** Second factors [width, rank]. */
  private final List<Parameter> b = new ArrayList<>();

  private final LowRank.Layout layout;
  private final Tensor packedA;
  private final Tensor packedB;

  /** Each part's own entries of the packed pair: views. */
  private final List<Tensor> partA = new ArrayList<>();

  private final List<Tensor> partB = new ArrayList<>();
  private final List<Tensor> unmerged = new ArrayList<>();
  private boolean enabled = true;
  private boolean merged;

  /**
   * Wraps a layer; the factors' content is undefined until {@link #initialise} or a load and {@link
   * #refresh}.
   *
   * @param base the layer, owned from now on
   * @param adapted its adapted parts, left to right
   * @param type the compute type
   * @param dropout probability on the updates' input while training
   * @param place first of as many dropout places as there are parts
   */
  LoraLinear(
      Linear base, List<AdapterPlan.Adapted> adapted, DType type, double dropout, long place) {
    this.base = base;
    this.adapted = List.copyOf(adapted);
    this.type = type;
    this.dropout = dropout;
    this.place = place;
    this.layout =
        new LowRank.Layout(
            adapted.stream().mapToLong(one -> one.part().start()).toArray(),
            adapted.stream().mapToDouble(AdapterPlan.Adapted::scale).toArray());
    List<Slice> slices = new ArrayList<>();
    long ranks = 0;
    for (AdapterPlan.Adapted one : adapted) {
      slices.add(new Slice(PeftNames.a(one.part().path()), ranks, one.rank()));
      ranks += one.rank();
      b.add(Parameter.of(PeftNames.b(one.part().path()), one.part().width(), one.rank()));
    }
    a = new Parameter(slices, ranks, base.inFeatures());
    factors().forEach(factor -> factor.allocate(DType.F32));
    packedA = type == DType.F32 ? a.value() : Tensor.empty(type, a.sizes()).own();
    packedB = Tensor.zeros(type, base.outFeatures(), ranks).own();
    for (Slice slice : slices) {
      partA.add(packedA.narrow(0, slice.start(), slice.rows()).own());
      partB.add(packedB.narrow(1, slice.start(), slice.rows()).own());
    }
  }

  /** The factors: the first ones in one parameter, then each second one. */
  List<Parameter> factors() {
    return Stream.concat(Stream.of(a), b.stream()).toList();
  }

  /**
   * Sets the factors as PEFT does: A uniform within 1 / sqrt(in) either way (He et al. 2015 with a
   * = sqrt 5), B zero.
   *
   * @param random the source of A
   */
  void initialise(SplittableRandom random) {
    double bound = 1 / Math.sqrt((double) base.inFeatures());
    float[] values = new float[Math.toIntExact(a.count())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    try (Tensor drawn = Tensor.of(values, a.sizes())) {
      a.value().copyFrom(drawn);
    }
    TensorLists.zero(b.stream().map(Parameter::value).toList());
  }

  void train() {
    factors().forEach(Parameter::train);
  }

  /** The factors as an optimizer sees them: A and B of each part in turn. */
  List<Trained> trained() {
    List<Trained> trained = new ArrayList<>();
    for (int i = 0; i < a.trained().size(); i++) {
      trained.add(a.trained().get(i));
      trained.addAll(b.get(i).trained());
    }
    return trained;
  }

  /** Brings the packed pair up to date. */
  void refresh() {
    if (packedA != a.value()) {
      packedA.copyFrom(a.value());
    }
    LowRank.pack(packedB, b.stream().map(Parameter::value).toList(), layout);
  }

  void enabled(boolean on) {
    enabled = on;
  }

  @Override
  public List<Part> parts() {
    return base.parts();
  }

  @Override
  public long inFeatures() {
    return base.inFeatures();
  }

  @Override
  public long outFeatures() {
    return base.outFeatures();
  }

  /** The base layer's only: factors are no part of the checkpoint. */
  @Override
  public List<Parameter> parameters() {
    return base.parameters();
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    Tensor y = base.forward(ops, x);
    if (!enabled || merged) {
      return y;
    }
    return dropout > 0 && ops.isRecording() ? droppedOut(ops, y, x) : together(ops, y, x);
  }

  private Tensor together(Ops ops, Tensor y, Tensor x) {
    return ops.lowRank(
        y,
        x,
        packedA,
        packedB,
        (da, db) -> {
          if (a.isTrained()) {
            List<Tensor> gradients = b.stream().map(Parameter::gradient).toList();
            LowRank.accumulate(da, db, a.gradient(), gradients, layout);
          }
        });
  }

  private Tensor droppedOut(Ops ops, Tensor y, Tensor x) {
    Tensor sum = y;
    for (int i = 0; i < adapted.size(); i++) {
      int index = i;
      sum =
          ops.lowRank(
              sum,
              ops.dropout(x, dropout, place + i),
              partA.get(i),
              partB.get(i),
              (da, db) -> accumulate(index, da, db));
    }
    return sum;
  }

  private void accumulate(int index, Tensor da, Tensor db) {
    if (a.isTrained()) {
      Slice ranks = a.slices().get(index);
      LowRank.Layout own =
          new LowRank.Layout(
              new long[] {layout.starts()[index]}, new double[] {layout.scales()[index]});
      try (Tensor rows = a.gradient().narrow(0, ranks.start(), ranks.rows())) {
        LowRank.accumulate(da, db, rows, List.of(b.get(index).gradient()), own);
      }
    }
  }

  /**
   * Adds the updates to the base weight. In fp32 they are subtracted again by {@link #unmerge}; in
   * other types, where that would lose digits, the weight's own rows are kept meanwhile.
   */
  void merge() {
    if (merged) {
      return;
    }
    for (int i = 0; i < adapted.size(); i++) {
      try (Tensor rows = baseRows(i)) {
        if (type != DType.F32) {
          unmerged.add(rows.copyAs(type).own());
        }
        addTo(rows, i, 1);
      }
    }
    merged = true;
  }

  void unmerge() {
    if (!merged) {
      return;
    }
    for (int i = 0; i < adapted.size(); i++) {
      try (Tensor rows = baseRows(i)) {
        if (unmerged.isEmpty()) {
          addTo(rows, i, -1);
        } else {
          rows.copyFrom(unmerged.get(i));
        }
      }
    }
    closeUnmerged();
    merged = false;
  }

  private void addTo(Tensor rows, int index, int sign) {
    Slice ranks = a.slices().get(index);
    try (Tensor own = a.value().narrow(0, ranks.start(), ranks.rows())) {
      LowRank.merge(rows, own, b.get(index).value(), sign * layout.scales()[index]);
    }
  }

  private Tensor baseRows(int index) {
    Part part = adapted.get(index).part();
    return mergeTarget().weight().value().narrow(0, part.start(), part.width());
  }

  /**
   * The layer whose weight takes the updates.
   *
   * @throws IllegalStateException if the base has no plain weight
   */
  DenseLinear mergeTarget() {
    if (base instanceof DenseLinear dense) {
      return dense;
    }
    throw new IllegalStateException(
        "An adapter can be merged into plain weights only; "
            + adapted.get(0).part().path()
            + " is a "
            + base.getClass().getSimpleName());
  }

  /** Gives the place back to the base layer and frees the factors. */
  void detach(LinearSlot slot) {
    slot.replace(
        present -> {
          if (present != this) {
            throw new IllegalStateException(
                "Another layer stands in front of this adapter; take that one off first");
          }
          return base;
        });
    closeFactors();
  }

  private void closeFactors() {
    partA.forEach(Tensor::close);
    partB.forEach(Tensor::close);
    factors().forEach(Parameter::close);
    packedA.close();
    packedB.close();
    closeUnmerged();
  }

  private void closeUnmerged() {
    unmerged.forEach(Tensor::close);
    unmerged.clear();
  }

  @Override
  public void close() {
    base.close();
    closeFactors();
  }
}
