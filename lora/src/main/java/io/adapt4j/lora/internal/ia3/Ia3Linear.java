package io.adapt4j.lora.internal.ia3;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.Dora;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionLayer;
import io.adapt4j.lora.internal.projection.Site;
import java.util.ArrayList;
import java.util.List;

/**
 * A linear layer whose outputs, or whose input, are multiplied by learned vectors ((IA)3, Liu et
 * al. 2022, section 3.3).
 */
final class Ia3Linear extends ProjectionLayer {

  private final ProjectionConfig config;
  private final List<Site> sites;
  private final boolean scalesInput;

  /** The learned vectors one after the other, fp32. */
  private final Parameter vectors;

  /** Gain of every output, or of every input of a feedforward layer, fp32. */
  private final Tensor gain;

  /**
   * Wraps a layer with vectors of ones.
   *
   * @param base the layer, owned from now on
   */
  Ia3Linear(Linear base, ProjectionConfig config, List<Site> sites) {
    super(base);
    this.config = config;
    this.sites = List.copyOf(sites);
    this.scalesInput = Ia3Vectors.KIND.scalesInput(config, sites.get(0));
    List<Slice> slices = new ArrayList<>();
    long count = 0;
    for (Site site : sites) {
      long own = scalesInput ? site.in() : site.width();
      slices.add(new Slice(PeftNames.update(site.path(), Ia3Vectors.KIND.tensor()), count, own));
      count += own;
    }
    vectors = new Parameter(slices, count);
    vectors.allocate(DType.F32);
    gain = Tensor.zeros(DType.F32, scalesInput ? base.inFeatures() : base.outFeatures()).own();
    try (Tensor tensor = Tensor.of(new float[] {1}, 1)) {
      vectors.value().copyFrom(tensor);
      gain.copyFrom(tensor);
    }
  }

  @Override
  public void train() {
    vectors.train();
  }

  @Override
  public List<Trainable> trained() {
    return vectors.trained();
  }

  @Override
  public void refresh() {
    for (int i = 0; i < sites.size(); i++) {
      try (Tensor target = part(gain, i);
          Tensor values = vector(vectors.value(), i)) {
        target.copyFrom(values);
      }
    }
  }

  /** Returns a view of one part's entries in a tensor of all gains. */
  private Tensor part(Tensor factors, int index) {
    Site site = sites.get(index);
    return scalesInput
        ? factors.narrow(0, 0, site.in())
        : factors.narrow(0, site.part().start(), site.width());
  }

  private Tensor vector(Tensor all, int index) {
    Slice own = vectors.slices().get(index);
    return all.narrow(0, own.start(), own.rows());
  }

  @Override
  protected void load(Checkpoint file) {
    for (int i = 0; i < sites.size(); i++) {
      try (Tensor rows = vector(vectors.value(), i)) {
        Weights.fill(rows, file, vectors.slices().get(i).name());
      }
    }
  }

  @Override
  protected List<TensorData> tensors() {
    List<TensorData> tensors = new ArrayList<>();
    for (int i = 0; i < sites.size(); i++) {
      TensorData flat =
          Weights.tensor(
              vectors.slices().get(i).name(),
              vectors.value(),
              vectors.slices().get(i),
              StoredType.F32);
      List<Long> shape = Ia3Vectors.KIND.shape(config, sites.get(i));
      tensors.add(new TensorData(flat.name(), flat.type(), shape, flat.content()));
    }
    return tensors;
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    if (!acts()) {
      return base().forward(ops, x);
    }
    return scalesInput
        ? base().forward(ops, Dora.rescaled(ops, x, gain, null, this::accumulate))
        : Dora.rescaled(ops, base().forward(ops, x), gain, null, this::accumulate);
  }

  /** Describes the layer only if it is disabled, as gains are not products. */
  @Override
  public boolean describe(LinearTerms terms) {
    return !acts() && base().describe(terms);
  }

  private void accumulate(Tensor dgain) {
    if (!vectors.isTrained()) {
      return;
    }
    for (int i = 0; i < sites.size(); i++) {
      try (Scope scope = Scope.open()) {
        Tensor gradient = vector(vectors.gradient(), i);
        gradient.copyFrom(gradient.plus(part(dgain, i)));
      }
    }
  }

  /** Multiplies weight and bias, keeping their own values. */
  @Override
  protected void write() {
    DenseLinear dense = plain();
    for (Parameter parameter : dense.parameters()) {
      keep(parameter.value().copyAs(parameter.value().type()));
    }
    try (Scope scope = Scope.open()) {
      scale(dense.weight().value(), scalesInput ? gain : gain.viewed(gain.count(), 1));
      if (!scalesInput) {
        dense.bias().ifPresent(bias -> scale(bias.value(), gain));
      }
    }
  }

  private static void scale(Tensor target, Tensor factors) {
    target.copyFrom(target.copyAs(DType.F32).timesElements(factors));
  }

  @Override
  protected void restore() {
    List<Parameter> parameters = plain().parameters();
    for (int i = 0; i < parameters.size(); i++) {
      parameters.get(i).value().copyFrom(kept(i));
    }
  }

  /** Returns the layer below. */
  @Override
  public DenseLinear plain() {
    if (base() instanceof DenseLinear dense) {
      return dense;
    }
    throw new IllegalStateException(
        "(IA)3 is merged into plain weights only, but those of "
            + sites.get(0).path()
            + " are held packed or have another adapter. Leave the adapter beside them, or load the"
            + " original checkpoint with plain weights.");
  }

  @Override
  protected void closeAdapter() {
    vectors.close();
    gain.close();
  }
}
