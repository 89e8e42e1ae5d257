package io.adapt4j.lora.internal.shira;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.lora.internal.LoraOperators;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionUpdate;
import io.adapt4j.lora.internal.projection.Site;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** The values that are added to some weights of a projection, and their positions. */
final class ShiraUpdate extends ProjectionUpdate {

  private static final Operator INDICES = LoraOperators.operator("shira_indices");
  private static final Operator SHIRA = LoraOperators.operator("shira").needing(update(1, 5));
  private static final Operator SHIRA_BACKWARD =
      LoraOperators.operator("shira_backward").needing(update(1, 5));
  private static final Operator SHIRA_DELTA = LoraOperators.operator("shira_delta");
  private static final Operator DELTA_MERGE = LoraOperators.operator("delta_merge");

  /** Returns the memory of the whole update of a weight, in fp32 and the type of the input. */
  private static Scratch update(int input, int width) {
    return arguments -> {
      Tensor x = (Tensor) arguments[input];
      return (Long) arguments[width] * x.size(-1) * (Float.BYTES + x.type().bytes());
    };
  }

  private final OptionalLong maskSeed;
  private final boolean zeros;

  /** Rows and columns of the values, I64 [2, count]. */
  private final Tensor indices;

  ShiraUpdate(ProjectionConfig config, Site site) {
    super(site, ShiraUpdates.KIND.tensor(), ShiraUpdates.KIND.shape(config, site));
    maskSeed =
        config.options().path("random_seed").isNumber()
            ? OptionalLong.of(config.options().path("random_seed").longValue())
            : OptionalLong.empty();
    zeros = config.flag("init_weights");
    indices = Tensor.zeros(DType.I64, 2, parameter.count()).own();
  }

  /** Chooses the positions, as PEFT does for the same seed of the mask. */
  @Override
  protected void initialize(long seed) {
    try (Scope scope = Scope.open()) {
      Torch.seed(maskSeed.orElse(seed));
      indices.copyFrom(INDICES.tensor(site.width(), site.in(), parameter.count()));
      if (!zeros) {
        Torch.seed(31 * seed + site.place());
        parameter.value().copyFrom(Tensor.randn(DType.F32, parameter.count()));
      }
    }
  }

  @Override
  protected Tensor add(Ops ops, Tensor y, Tensor x, Supplier<Tensor> weight) {
    Tensor values = parameter.value();
    long start = site.part().start();
    long width = site.width();
    return recorded(
        ops,
        SHIRA.tensor(y, x, values, indices, start, width),
        y,
        x,
        dy -> SHIRA_BACKWARD.tensors(dy, x, values, indices, start, width));
  }

  @Override
  protected void merge(Tensor weight) {
    try (Scope scope = Scope.open()) {
      DELTA_MERGE.run(
          weight, SHIRA_DELTA.tensor(parameter.value(), indices, site.width(), site.in()));
    }
  }

  private String stored() {
    return PeftNames.update(site.path(), ShiraUpdates.INDICES);
  }

  /** Loads values and positions, which Windows stores as floats. */
  @Override
  protected void load(Checkpoint file) {
    super.load(file);
    StoredType type = file.entry(stored()).type();
    ByteBuffer bytes = file.bytes(stored()).order(ByteOrder.LITTLE_ENDIAN);
    int count = Math.toIntExact(parameter.count());
    long[] read = new long[2 * count];
    for (int i = 0; i < read.length; i++) {
      long found =
          switch (type) {
            case I32 -> bytes.getInt();
            case I64 -> bytes.getLong();
            case F32 -> (long) bytes.getFloat();
            default ->
                throw new CheckpointException(
                    file.folder()
                        + ": "
                        + stored()
                        + ": expected positions of type I32, found "
                        + type
                        + ". Save the adapter again with PEFT.");
          };
      if (found < 0 || found >= (i < count ? site.width() : site.in())) {
        throw new CheckpointException(
            file.folder()
                + ": "
                + stored()
                + ": expected positions in a weight of ["
                + site.width()
                + ", "
                + site.in()
                + "], found "
                + found
                + ". Put the adapter on the base that it was trained on.");
      }
      read[i] = found;
    }
    try (Tensor made = Tensor.of(read, 2, count)) {
      indices.copyFrom(made);
    }
  }

  @Override
  protected List<TensorData> tensors() {
    List<TensorData> tensors = new ArrayList<>(super.tensors());
    tensors.add(
        TensorData.of(stored(), StoredType.I32, List.of(2L, parameter.count()), this::indexBytes));
    return tensors;
  }

  private ByteBuffer indexBytes() {
    long[] values = indices.toLongs();
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putInt(Math.toIntExact(value));
    }
    return bytes.flip();
  }

  @Override
  public void close() {
    super.close();
    indices.close();
  }
}
