package io.adapt4j.lora.internal.miss;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.lora.internal.LoraOperators;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.util.List;
import java.util.function.Supplier;

/**
 * The blocks [out / r, r, r] of a projection in MiSS's variant "bat": every square of the weight is
 * multiplied by the block of its rows, and the block is added.
 */
final class BatUpdate extends ProjectionUpdate {

  private static final Operator DELTA = LoraOperators.operator("delta");
  private static final Operator DELTA_BACKWARD = LoraOperators.operator("delta_backward");
  private static final Operator DELTA_MERGE = LoraOperators.operator("delta_merge");
  private static final Operator BAT = LoraOperators.operator("miss_bat").needing(weights(0, 2));
  private static final Operator BAT_BACKWARD =
      LoraOperators.operator("miss_bat_backward").needing(weights(0, 3));

  /** Returns the memory of a number of copies of the weight in fp32. */
  private static Scratch weights(int weight, int copies) {
    return arguments -> ((Tensor) arguments[weight]).count() * copies * Float.BYTES;
  }

  BatUpdate(Site site, String end, List<Long> shape) {
    super(site, end, shape);
  }

  @Override
  protected Tensor add(Ops ops, Tensor y, Tensor x, Supplier<Tensor> weight) {
    long start = site.part().start();
    Tensor sum;
    try (Tensor rows = weight.get();
        Tensor update = BAT.tensor(rows, parameter.value())) {
      sum = DELTA.tensor(y, x, update, start);
    }
    return recorded(
        ops,
        sum,
        y,
        x,
        dy -> {
          try (Tensor rows = weight.get();
              Tensor update = BAT.tensor(rows, parameter.value())) {
            Tensor[] d = DELTA_BACKWARD.tensors(dy, x, update, start);
            try (Tensor dweight = d[1]) {
              return new Tensor[] {d[0], BAT_BACKWARD.tensor(rows, parameter.value(), dweight)};
            }
          }
        });
  }

  @Override
  protected LayerMerge.Product product() {
    throw new CheckpointException(
        "MiSS's variant bat multiplies the base's weights, so that no LoRA adapter computes the"
            + " same. Merge the adapter into its base instead.");
  }

  @Override
  protected void merge(Tensor weight) {
    try (Scope scope = Scope.open()) {
      DELTA_MERGE.run(weight, BAT.tensor(weight, parameter.value()));
    }
  }
}
