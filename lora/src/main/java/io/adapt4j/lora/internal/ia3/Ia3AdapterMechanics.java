package io.adapt4j.lora.internal.ia3;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.internal.peft.ClassOutput;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Mechanics of attaching an (IA)3 adapter to a model. */
public record Ia3AdapterMechanics(Path path, Ia3Config config) implements AdapterMechanics {

  /** Reads the adapter's configuration. */
  public static Ia3AdapterMechanics at(Path folder) {
    return new Ia3AdapterMechanics(folder, Ia3Config.read(folder));
  }

  @Override
  public String name() {
    return Adapter.at(path).name();
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(path);
  }

  @Override
  public Optional<String> chatTemplateDigest() {
    return PeftFolder.chatTemplateDigest(path);
  }

  @Override
  public List<String> problems(Network declared) {
    return problems(path, Ia3Plan.of(config, declared));
  }

  @Override
  public Optional<ModelConfig> modelConfig() {
    return PeftFolder.classConfig(path);
  }

  @Override
  public Optional<ModelConfig> modelConfig(ModelConfig base) {
    return modelConfig().or(() -> ClassOutput.of(path, base));
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    Ia3Plan plan = Ia3Plan.of(config, declared);
    return plan.trainableSummary(Ia3Model.adapters(plan));
  }

  /**
   * Attaches the adapter to a model. The base's own values of fully saved modules are kept along
   * with the adapter's. While it is merged, copies of the affected weights are kept, so unmerging
   * restores them bit for bit.
   */
  @Override
  public AttachedAdapter attach(Network network) {
    Ia3Plan plan = fittingPlan(network);
    Ia3Model model = Ia3Model.attach(network, plan);
    try (Checkpoint file = PeftFolder.openWeights(path)) {
      model.load(file);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  @Override
  public LayerMerge layerMerge(Network declared) {
    return new Ia3LayerMerge(fittingPlan(declared), PeftFolder.openWeights(path));
  }

  private Ia3Plan fittingPlan(Network network) {
    Ia3Plan plan = Ia3Plan.of(config, network);
    PeftFolder.requireNone(problems(path, plan));
    return plan;
  }

  /** Returns the reasons why a folder's vectors do not match a plan. */
  public static List<String> problems(Path folder, Ia3Plan plan) {
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
