package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.Linear.Part;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.Dora;
import io.adapt4j.lora.internal.LowRank;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer with low-rank updates: y = base(x) + scale B A x (Hu et al. 2021, eq. 3); for
 * DoRA, the rows of the combined weight are rescaled to the magnitude vector.
 *
 * <p>The A and B matrices of all adapted parts are packed into one pair ({@link LoraMatrices}), so
 * that a fused layer costs two more products, however many of its parts are adapted. With dropout,
 * each part draws its own mask, like PEFT's separate modules, and the parts are computed separately
 * while training.
 */
public final class LoraLinear extends AdapterLinear {

  private final List<AdaptedPart> adapted;
  private final DType type;
  private final double dropout;
  private final long place;
  private final LoraMatrices factors;

  /** The negated initial values that were taken from the base weight, or null. */
  private final @Nullable LoraMatrices initial;

  /** The magnitudes that DoRA trains, or null. */
  private final @Nullable Magnitudes magnitudes;

  private final @Nullable BiasesOfB biases;

  /**
   * Wraps a layer; A and B are zero until an initializer or a file fills them.
   *
   * @param base the layer, owned from now on
   */
  public LoraLinear(
      Linear base,
      List<AdaptedPart> adapted,
      DType type,
      double dropout,
      boolean residual,
      long place) {
    super(base);
    this.adapted = List.copyOf(adapted);
    this.type = type;
    this.dropout = dropout;
    this.place = place;
    this.magnitudes =
        adapted.get(0).dora() ? new Magnitudes(adapted, BaseWeight.under(base, type)) : null;
    this.factors = new LoraMatrices(adapted, base.inFeatures(), base.outFeatures(), type, 1);
    this.biases =
        adapted.get(0).biasOfB() ? new BiasesOfB(adapted, base.outFeatures(), type) : null;
    this.initial =
        residual
            ? new LoraMatrices(adapted, base.inFeatures(), base.outFeatures(), type, -1)
            : null;
  }

  public List<AdaptedPart> adapted() {
    return adapted;
  }

  public LoraMatrices factors() {
    return factors;
  }

  /** Returns the initial values that are subtracted again, or null. */
  public @Nullable LoraMatrices initial() {
    return initial;
  }

  /** Returns the magnitudes that DoRA trains, or null. */
  public @Nullable Magnitudes magnitudes() {
    return magnitudes;
  }

  @Nullable BiasesOfB biases() {
    return biases;
  }

  @Override
  public void train() {
    factors.train();
    if (biases != null) {
      biases.train();
    }
    if (magnitudes != null) {
      magnitudes.train();
    }
  }

  /** Returns A, B and, for DoRA, the magnitudes of each part in turn. */
  @Override
  public List<Trainable> trained() {
    List<Trainable> trained = new ArrayList<>();
    for (int i = 0; i < adapted.size(); i++) {
      factors.trained(i).forEach(trained::add);
      if (biases != null) {
        trained.add(biases.trained(i));
      }
      if (magnitudes != null) {
        trained.add(magnitudes.trained(i));
      }
    }
    return trained;
  }

  /** Copies the values of a layer of the same shape. */
  public void copyFrom(LoraLinear other) {
    List<Parameter> originals = other.own();
    List<Parameter> copies = own();
    for (int i = 0; i < copies.size(); i++) {
      copies.get(i).value().copyFrom(originals.get(i).value());
    }
  }

  /** Returns the parameters of the adapter. */
  private List<Parameter> own() {
    List<Parameter> all = new ArrayList<>(factors.parameters());
    if (biases != null) {
      all.addAll(biases.parameters());
    }
    if (initial != null) {
      all.addAll(initial.parameters());
    }
    if (magnitudes != null) {
      all.add(magnitudes.magnitudes());
    }
    return all;
  }

  @Override
  public void refresh() {
    factors.refresh();
    if (biases != null) {
      biases.refresh();
    }
    if (initial != null) {
      initial.refresh();
    }
    if (magnitudes != null) {
      measure(magnitudes);
      magnitudes.refresh();
    }
  }

  /** Initializes the magnitudes to those of the rows. */
  public void keepLengths() {
    if (magnitudes != null) {
      measure(magnitudes);
      magnitudes.keepPresent();
    }
  }

  private void measure(Magnitudes rows) {
    for (int i = 0; i < adapted.size(); i++) {
      try (Scope scope = Scope.open()) {
        rows.measure(i, wholeA(i), wholeB(i));
      }
    }
  }

  /** Returns the combined A of all updates of one part, within the open scope. */
  public Tensor wholeA(int index) {
    Tensor own = factors.a(index);
    return initial == null ? own : Tensor.concatenated(List.of(own, initial.a(index)), 0);
  }

  /** Returns the combined B of all updates of one part, without the scale. */
  public Tensor wholeB(int index) {
    Tensor own = factors.b(index);
    return initial == null
        ? own
        : Tensor.concatenated(List.of(own, initial.b(index).scaled(-1)), 1);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    // Scoring too: it computes the bits that training computes.
    Tensor fused = isPlain() ? fused(ops, x, true) : null;
    if (fused != null) {
      return fused;
    }
    Tensor y = base().forward(ops, x);
    if (!acts()) {
      return y;
    }
    if (biases != null) {
      y = biases.add(ops, y);
    }
    if (initial != null) {
      y = LowRank.addFrozen(ops, y, x, initial.packedA(), initial.packedB());
    }
    if (dropout > 0 && ops.isRecording()) {
      return droppedOut(ops, y, x);
    }
    Tensor sum =
        LowRank.add(
            ops,
            y,
            x,
            factors.packedA(),
            factors.packedB(),
            (da, db) -> factors.accumulate(da, db));
    return magnitudes == null
        ? sum
        : Dora.rescaled(ops, sum, magnitudes.gain(), magnitudes.bias(), magnitudes::accumulate);
  }

  /** Returns whether this layer is only a weight plus low-rank updates of the same input. */
  private boolean isPlain() {
    return acts() && biases == null && initial == null && magnitudes == null && dropout == 0;
  }

  /** Computes both as one operator; null if the weight is not plainly in memory, or trains too. */
  private @Nullable Tensor fused(Ops ops, Tensor x, boolean computed) {
    return base() instanceof DenseLinear dense
            && dense.parameters().stream().noneMatch(Parameter::isTrained)
        ? LowRank.linear(
            ops,
            x,
            dense.weight().value(),
            dense.bias().map(Parameter::value).orElse(null),
            factors.packedA(),
            factors.packedB(),
            computed,
            (da, db) -> factors.accumulate(da, db))
        : null;
  }

  @Override
  public Tensor recorded(Ops ops, Tensor x) {
    Tensor fused = isPlain() ? fused(ops, x, false) : null;
    return fused == null ? forward(ops, x) : fused;
  }

  /** Describes the layer unless it uses DoRA or biases of B, which are more than products. */
  @Override
  public boolean describe(LinearTerms terms) {
    if (!base().describe(terms)) {
      return false;
    }
    if (!acts() && (isMerged() || !isLowRank())) {
      return true;
    }
    if (initial != null) {
      terms.lowRank(owner(), acts(), initial.packedA(), initial.packedB());
    }
    terms.lowRank(owner(), acts(), factors.packedA(), factors.packedB());
    return isLowRank();
  }

  public boolean isLowRank() {
    return biases == null && magnitudes == null;
  }

  private Tensor droppedOut(Ops ops, Tensor y, Tensor x) {
    Tensor sum = y;
    for (int i = 0; i < adapted.size(); i++) {
      Tensor dropped = ops.dropout(x, dropout, place + i);
      sum = magnitudes == null ? updated(ops, sum, dropped, i) : directed(ops, sum, dropped, i);
    }
    return sum;
  }

  private Tensor updated(Ops ops, Tensor y, Tensor x, int index) {
    long start = adapted.get(index).part().start();
    return LowRank.add(
        ops,
        y,
        x,
        factors.partA(index),
        factors.partB(index),
        (da, db) -> factors.accumulate(index, da, db, start));
  }

  private Tensor directed(Ops ops, Tensor y, Tensor x, int index) {
    Part part = adapted.get(index).part();
    Magnitudes trained = Objects.requireNonNull(magnitudes);
    Dora.Projection projection =
        new Dora.Projection(
            ops.saveForBackward(trained.weight(index)),
            factors.partA(index),
            ops.saveForBackward(factors.partB(index).narrow(0, part.start(), part.width())),
            ops.saveForBackward(trained.gain(index)),
            part.start());
    return Dora.update(
        ops,
        y,
        x,
        projection,
        (da, db, dgain) -> {
          factors.accumulate(index, da, db, 0);
          trained.accumulate(index, dgain);
        });
  }

  /**
   * Adds the updates to the base weight. {@link #restore} subtracts plain updates in fp32;
   * otherwise, as subtraction would lose precision, the original rows are kept.
   */
  @Override
  protected void write() {
    for (int i = 0; i < adapted.size(); i++) {
      try (Scope scope = Scope.open()) {
        Tensor rows = mergedRows(i);
        if (keepsRows()) {
          keep(rows.copyAs(type));
        }
        double scale = adapted.get(i).scale();
        if (magnitudes == null) {
          LowRank.merge(rows, wholeA(i), wholeB(i), scale);
        } else {
          Dora.merge(rows, wholeA(i), wholeB(i), scale, magnitudes.gain(i));
        }
      }
    }
    if (biases != null) {
      Tensor bias = baseBias();
      keep(bias.copyAs(bias.type()));
      biases.mergeInto(bias);
    }
  }

  private Tensor baseBias() {
    return plain().bias().orElseThrow().value();
  }

  private boolean keepsRows() {
    return type != DType.F32 || magnitudes != null;
  }

  @Override
  protected void restore() {
    for (int i = 0; i < adapted.size(); i++) {
      try (Scope scope = Scope.open()) {
        Tensor rows = mergedRows(i);
        if (keepsRows()) {
          rows.copyFrom(kept(i));
        } else {
          LowRank.merge(rows, wholeA(i), wholeB(i), -adapted.get(i).scale());
        }
      }
    }
    if (biases != null) {
      baseBias().copyFrom(kept(keepsRows() ? adapted.size() : 0));
    }
  }

  /** Returns a read-only view of the base weight of one adapted part. */
  public Tensor baseRows(int index) {
    return BaseWeight.under(base(), type).rows(adapted.get(index).part());
  }

  private Tensor mergedRows(int index) {
    Part part = adapted.get(index).part();
    return plain().weight().value().narrow(0, part.start(), part.width());
  }

  @Override
  public boolean cancelOutputs(long width, Tensor inputs) {
    Part first = adapted.get(0).part();
    if (first.start() != 0 || first.width() != width || !isLowRank() || initial != null) {
      return false;
    }
    try (Scope scope = Scope.open()) {
      Tensor outputs = inputs.times(baseRows(0).copyAs(DType.F32).transposed());
      if (plain().bias().isPresent()) {
        Tensor bias = plain().bias().get().value().narrow(0, 0, width).copyAs(DType.F32);
        outputs = outputs.plus(bias);
      }
      LeastOutputs.fill(factors.a(0), factors.b(0), inputs, outputs, adapted.get(0).scale());
    }
    refresh();
    return true;
  }

  /** Returns the layer whose weight is adapted, below any other adapters. */
  @Override
  public DenseLinear plain() {
    DenseLinear plain = BaseWeight.under(base(), type).plain("Merging");
    if (biases != null && plain.bias().isEmpty()) {
      throw new IllegalStateException(
          "An adapter whose B has a bias cannot be merged into "
              + adapted.get(0).part().path()
              + ", which has none. Leave the adapter beside the weights.");
    }
    return plain;
  }

  @Override
  protected void closeAdapter() {
    factors.close();
    if (biases != null) {
      biases.close();
    }
    if (initial != null) {
      initial.close();
    }
    if (magnitudes != null) {
      magnitudes.close();
    }
  }
}
