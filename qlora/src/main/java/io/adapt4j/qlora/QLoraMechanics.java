package io.adapt4j.qlora;

import io.adapt4j.core.internal.method.ForwardingMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.method.WeightFormat;

/** Mechanics of training a LoRA adapter over a 4-bit base. */
final class QLoraMechanics extends ForwardingMechanics {

  private final QLora qlora;

  QLoraMechanics(QLora qlora) {
    super(qlora.lora());
    this.qlora = qlora;
  }

  @Override
  public QLora chosen() {
    return qlora;
  }

  @Override
  public WeightFormat weightFormat() {
    return qlora.weights();
  }

  @Override
  public boolean recomputesLayers() {
    return true;
  }

  @Override
  public boolean copies(Network declared) {
    return method.copies(declared);
  }

  @Override
  public String identity() {
    return "Q" + method.identity() + " over " + qlora.weights().description();
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    TrainingDefaults ofAdapter = method.defaults(task);
    return ofAdapter.scaledRates("Q" + ofAdapter.method(), 1);
  }
}
