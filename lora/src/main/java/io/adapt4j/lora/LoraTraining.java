package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.method.AdaptationCopy;
import io.adapt4j.core.internal.method.ForwardPass;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.adapter.AdapterTraining;
import io.adapt4j.lora.internal.eva.EvaPass;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Training of a model's LoRA adapter. */
final class LoraTraining implements AdapterTraining {

  private final Path base;
  private final long seed;
  private LoraModel model;
  private AdapterConfig config;

  LoraTraining(LoraModel model, AdapterConfig config, Path base, long seed) {
    this.model = model;
    this.config = config;
    this.base = base;
    this.seed = seed;
  }

  @Override
  public LoraModel model() {
    return model;
  }

  /** Replaces the adapter by one with the ranks and directions that EVA finds. */
  @Override
  public void initialize(Iterator<ForwardPass> passes) {
    if (!(config.initial() instanceof LoraInit.Eva eva)) {
      return;
    }
    Map<AdaptedPart, Tensor> directions =
        EvaPass.run(
            model.network(),
            model.plan().adapted(),
            new EvaPass.Settings(eva.rho(), eva.tau(), eva.useLabelMask()),
            eva.whiten(),
            passes,
            seed);
    Map<AdaptedPart, Integer> ranks = new LinkedHashMap<>();
    directions.forEach((part, found) -> ranks.put(part, Math.toIntExact(found.size(0))));
    try {
      replace(config.redistributed(model.plan().adapted(), ranks, eva.adjustScalingFactors()));
      Map<String, Tensor> byPath = new LinkedHashMap<>();
      directions.forEach((part, found) -> byPath.put(part.part().path(), found));
      model.start(byPath);
    } finally {
      directions.values().forEach(Tensor::close);
    }
  }

  /** Attaches an adapter of another configuration in place of this one. */
  private void replace(AdapterConfig changed) {
    AdapterPlan plan = model.planOf(changed);
    model.close();
    config = changed;
    model = LoraModel.attach(model.network(), plan, changed);
    model.train();
    model.initialize(changed.initial(), seed);
  }

  @Override
  public AdaptationCopy copyOn(Network network) {
    LoraModel copy = LoraModel.attach(network, model.plan(), config);
    return new AdaptationCopy() {
      @Override
      public void update() {
        copy.copyFrom(model);
      }

      @Override
      public void close() {
        copy.close();
      }
    };
  }

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
