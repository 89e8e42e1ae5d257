package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.lora.internal.adapter.AdapterTraining;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.nio.file.Path;

/** Training of a model's LoRA adapter. */
record LoraTraining(LoraModel model, AdapterConfig config, Path base) implements AdapterTraining {

  @Override
  public void save(Path folder) {
    LoraFolder.write(
        folder,
        config.stored(),
        model.plan(),
        SingleFileModels.origin(base).toString(),
        model.tensors());
    saveClasses(folder);
  }

  @Override
  public void restore(Path folder) {
    AdapterConfig stored = LoraFields.read(folder);
    AdapterPlan plan = model.planOf(stored);
    PeftFolder.requireNone(LoraFolder.problems(folder, stored, plan));
    boolean residual = stored.initial().leavesResidual();
    if (!plan.sameAs(model.planOf(residual ? config : config.stored()))
        || (residual && !stored.initial().equals(config.initial()))) {
      throw new CheckpointException(
          folder
              + ": this adapter has other ranks, scales, targets, biases or modules to save than"
              + " the method it is restored into. Use Lora.continuing(folder) to take them over.");
    }
    try (Checkpoint weights = LoraFolder.openWeights(folder, stored, plan)) {
      model.repeatInitial(stored);
      model.load(weights);
    }
  }
}
