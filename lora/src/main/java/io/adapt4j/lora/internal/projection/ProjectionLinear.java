package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.layer.BaseWeight;
import java.util.ArrayList;
import java.util.List;

/** A linear layer with updates of some of its projections. */
final class ProjectionLinear extends ProjectionLayer {

  private final List<ProjectionUpdate> updates = new ArrayList<>();
  private final DType type;

  /**
   * Wraps a layer.
   *
   * @param base the layer, owned from now on
   */
  ProjectionLinear(Linear base, ProjectionConfig config, List<Site> sites, DType type) {
    super(base);
    this.type = type;
    sites.forEach(site -> updates.add(config.kind().update(config, site)));
  }

  @Override
  protected void initialize(long seed) {
    updates.forEach(update -> update.initialize(seed));
  }

  @Override
  protected void load(Checkpoint file) {
    updates.forEach(update -> update.load(file));
  }

  @Override
  protected List<TensorData> tensors() {
    return updates.stream().flatMap(update -> update.tensors().stream()).toList();
  }

  @Override
  public void train() {
    updates.forEach(update -> update.parameter().train());
  }

  @Override
  public List<Trainable> trained() {
    return updates.stream().flatMap(update -> update.parameter().trained().stream()).toList();
  }

  @Override
  public void refresh() {
    updates.forEach(ProjectionUpdate::refresh);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    if (!acts()) {
      return base().forward(ops, x);
    }
    ProjectionUpdate first = updates.get(0);
    if (first.changesInput() && first.site.alone()) {
      return base().forward(ops, first.input(ops, x));
    }
    Tensor y = base().forward(ops, x);
    BaseWeight weight = BaseWeight.under(base(), type);
    for (ProjectionUpdate update : updates) {
      y = update.add(ops, y, x, () -> weight.rows(update.site.part()));
    }
    return y;
  }

  /** Describes the layer only if it is disabled, as updates are no products of thin matrices. */
  @Override
  public boolean describe(LinearTerms terms) {
    return !acts() && base().describe(terms);
  }

  @Override
  protected void write() {
    for (ProjectionUpdate update : updates) {
      try (Scope scope = Scope.open()) {
        Tensor rows = rows(update);
        keep(rows.copyAs(rows.type()));
        update.merge(rows);
      }
    }
  }

  @Override
  protected void restore() {
    for (int i = 0; i < updates.size(); i++) {
      try (Scope scope = Scope.open()) {
        rows(updates.get(i)).copyFrom(kept(i));
      }
    }
  }

  private Tensor rows(ProjectionUpdate update) {
    return plain()
        .weight()
        .value()
        .narrow(0, update.site.part().start(), update.site.part().width());
  }

  @Override
  public DenseLinear plain() {
    return BaseWeight.under(base(), type).plain("Merging");
  }

  @Override
  protected void closeAdapter() {
    updates.forEach(ProjectionUpdate::close);
  }
}
