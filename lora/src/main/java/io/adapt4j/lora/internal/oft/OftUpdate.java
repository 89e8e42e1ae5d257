package io.adapt4j.lora.internal.oft;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.lora.internal.LoraOperators;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.util.function.Supplier;

/** The rotations of blocks of a projection's input, as upper triangles of skew matrices. */
final class OftUpdate extends ProjectionUpdate {

  private static final Operator INPUT = LoraOperators.operator("oft_input").needing(inputs(0, 1));
  private static final Operator INPUT_BACKWARD =
      LoraOperators.operator("oft_input_backward").needing(inputs(1, 2));
  private static final Operator OFT = LoraOperators.operator("oft").needing(inputs(1, 2));
  private static final Operator OFT_BACKWARD =
      LoraOperators.operator("oft_backward").needing(inputs(1, 4));
  private static final Operator MERGE = LoraOperators.operator("oft_merge");
  private static final Operator CONSTRAIN = LoraOperators.operator("oft_constrain");

  /** Returns the memory of a number of copies of the input. */
  private static Scratch inputs(int input, int copies) {
    return arguments -> {
      Tensor x = (Tensor) arguments[input];
      return copies * x.count() * x.type().bytes();
    };
  }

  /** Deviation of PEFT's values if its initialization is switched off. */
  private static final double DEVIATION = 0.1;

  private final long block;
  private final long terms;
  private final boolean random;
  private final double limit;

  OftUpdate(ProjectionConfig config, Site site) {
    super(site, OftUpdates.KIND.tensor(), OftUpdates.KIND.shape(config, site));
    block = OftUpdates.block(config, site);
    terms = config.flag("use_cayley_neumann") ? config.integer("num_cayley_neumann_terms") : 0;
    random = !config.flag("init_weights");
    limit = config.flag("coft") ? config.number("eps") : 0;
  }

  @Override
  protected void initialize(long seed) {
    if (random) {
      try (Scope scope = Scope.open()) {
        Torch.seed(31 * seed + site.place());
        parameter.value().copyFrom(Tensor.randn(DType.F32, parameter.sizes()).scaled(DEVIATION));
      }
    }
  }

  /** Draws the values back into the constraint, as PEFT does before every use. */
  @Override
  protected void refresh() {
    if (limit > 0) {
      CONSTRAIN.run(parameter.value(), limit);
    }
  }

  @Override
  protected boolean changesInput() {
    return true;
  }

  @Override
  protected Tensor input(Ops ops, Tensor x) {
    return ops.recorded(
        ops.isRecording(),
        INPUT.tensor(x, parameter.value(), block, terms),
        x,
        dz -> {
          Tensor[] d = INPUT_BACKWARD.tensors(dz, x, parameter.value(), block, terms);
          accumulate(d[1]);
          return d[0];
        },
        x);
  }

  @Override
  protected Tensor add(Ops ops, Tensor y, Tensor x, Supplier<Tensor> weight) {
    Tensor values = parameter.value();
    long start = site.part().start();
    Tensor sum;
    try (Tensor rows = weight.get()) {
      sum = OFT.tensor(y, x, values, rows, start, block, terms);
    }
    return recorded(
        ops,
        sum,
        y,
        x,
        dy -> {
          try (Tensor rows = weight.get()) {
            return OFT_BACKWARD.tensors(dy, x, values, rows, start, block, terms);
          }
        });
  }

  @Override
  protected void merge(Tensor weight) {
    MERGE.run(weight, parameter.value(), block, terms);
  }
}
