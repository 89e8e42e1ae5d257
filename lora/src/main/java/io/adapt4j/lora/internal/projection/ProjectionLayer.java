package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.lora.internal.layer.AdapterLinear;
import java.util.List;

/** A linear layer with trained tensors for some of its projections. */
public abstract class ProjectionLayer extends AdapterLinear {

  protected ProjectionLayer(Linear base) {
    super(base);
  }

  /** Sets the initial values that are drawn with a seed. */
  protected void initialize(long seed) {}

  protected abstract void load(Checkpoint file);

  protected abstract List<TensorData> tensors();
}
