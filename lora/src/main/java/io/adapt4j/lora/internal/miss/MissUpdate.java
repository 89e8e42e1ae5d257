package io.adapt4j.lora.internal.miss;

import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.lora.internal.LoraOperators;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.util.Random;
import java.util.function.Supplier;

/**
 * The block [r, out] of a projection: the input's pieces of r are added up, and the sum times the
 * block is added to the output. A narrower block is repeated along the outputs.
 */
final class MissUpdate extends ProjectionUpdate {

  private static final Operator MISS = LoraOperators.operator("miss");
  private static final Operator MISS_BACKWARD = LoraOperators.operator("miss_backward");
  private static final Operator MISS_DELTA = LoraOperators.operator("miss_delta");
  private static final Operator DELTA_MERGE = LoraOperators.operator("delta_merge");

  private final double dropout;
  private final boolean random;

  MissUpdate(ProjectionConfig config, Site site) {
    super(site, MissUpdates.KIND.tensor(), MissUpdates.KIND.shape(config, site));
    dropout = config.number("miss_dropout");
    random =
        config.options().path(MissUpdates.VARIANT).isBoolean() && !config.flag(MissUpdates.VARIANT);
  }

  /** Draws from PEFT's distribution if its initialization is switched off. */
  @Override
  protected void initialize(long seed) {
    if (random) {
      uniform(seed, 1 / Math.sqrt((double) site.width()));
    }
  }

  private void uniform(long seed, double bound) {
    Random source = new Random(31 * seed + site.place());
    float[] values = new float[Math.toIntExact(parameter.count())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (bound * (2 * source.nextDouble() - 1));
    }
    try (Tensor drawn = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(drawn);
    }
  }

  @Override
  protected Tensor add(Ops ops, Tensor y, Tensor x, Supplier<Tensor> weight) {
    Tensor own = ops.dropout(x, dropout, site.place());
    Tensor block = parameter.value();
    long start = site.part().start();
    long width = site.width();
    return recorded(
        ops,
        MISS.tensor(y, own, block, start, width),
        y,
        own,
        dy -> MISS_BACKWARD.tensors(dy, own, block, start, width));
  }

  @Override
  protected void merge(Tensor weight) {
    try (Scope scope = Scope.open()) {
      DELTA_MERGE.run(weight, MISS_DELTA.tensor(parameter.value(), site.width(), site.in()));
    }
  }

  /** A has ones where the number of the input leaves the row's as its rest by r. */
  @Override
  protected LayerMerge.Product product() {
    int rank = Math.toIntExact(parameter.sizes()[0]);
    int columns = Math.toIntExact(parameter.sizes()[1]);
    int in = Math.toIntExact(site.in());
    float[] a = new float[rank * in];
    for (int i = 0; i < in; i++) {
      a[i % rank * in + i] = 1;
    }
    float[] block = parameter.value().toHost().toFloats();
    float[] b = new float[Math.toIntExact(site.width()) * rank];
    for (int i = 0; i < b.length; i++) {
      b[i] = block[i % rank * columns + i / rank % columns];
    }
    return new LayerMerge.Product(rank, a, b, 1);
  }
}
