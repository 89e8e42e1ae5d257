package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.AdapterMechanics;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.LayerMerge;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.TrainableSummary;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Mechanics of attaching an (IA)3 adapter to a model. */
record Ia3AdapterMechanics(Ia3Adapter adapter) implements AdapterMechanics {

  @Override
  public String name() {
    return adapter.name();
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(adapter.folder());
  }

  @Override
  public Optional<String> chatTemplateDigest() {
    return PeftFolder.chatTemplateDigest(adapter.folder());
  }

  @Override
  public List<String> problems(Network declared) {
    return problems(adapter.folder(), Ia3Plan.of(adapter.config(), declared));
  }

  @Override
  public Optional<ModelConfig> modelConfig() {
    return PeftFolder.classConfig(adapter.folder());
  }

  @Override
  public Optional<ModelConfig> modelConfig(ModelConfig base) {
    return modelConfig().or(() -> ClassOutput.of(adapter.folder(), base));
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    Ia3Plan plan = Ia3Plan.of(adapter.config(), declared);
    return plan.trainableSummary(Ia3Model.adapters(plan));
  }

  /**
   * Attaches the adapter to a model. The base's own values of fully saved modules are kept along
   * with the adapter's. While it is merged, copies of the affected weights are kept, so unmerging
   * restores them bit for bit.
   */
  @Override
  public AttachedAdapter attach(Network network) {
    Ia3Plan plan = Ia3Plan.of(adapter.config(), network);
    List<String> problems = problems(adapter.folder(), plan);
    if (!problems.isEmpty()) {
      throw new CheckpointException(String.join("\n", problems));
    }
    Ia3Model model = Ia3Model.attach(network, plan);
    try (Checkpoint file = PeftFolder.openWeights(adapter.folder())) {
      model.load(file);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  @Override
  public LayerMerge layerMerge(Network declared) {
    Ia3Plan plan = Ia3Plan.of(adapter.config(), declared);
    List<String> problems = problems(adapter.folder(), plan);
    if (!problems.isEmpty()) {
      throw new CheckpointException(String.join("\n", problems));
    }
    return new Ia3LayerMerge(plan, PeftFolder.openWeights(adapter.folder()));
  }

  /** Returns the reasons why a folder's vectors do not match a plan. */
  static List<String> problems(Path folder, Ia3Plan plan) {
    if (!plan.problems().isEmpty()) {
      return plan.problems();
    }
    try (Checkpoint file = PeftFolder.openWeights(folder)) {
      Map<String, List<Long>> stored = new TreeMap<>();
      file.names().forEach(name -> stored.put(name, file.entry(name).shape()));
      List<String> differences = plan.differences(stored);
      return differences.isEmpty()
          ? List.of()
          : List.of(
              folder + ": this adapter does not fit the model:\n  " + PeftNames.some(differences));
    } catch (CheckpointException e) {
      return List.of(e.getMessage());
    }
  }
}
