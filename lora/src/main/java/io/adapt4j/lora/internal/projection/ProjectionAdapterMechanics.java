package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
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

/** Mechanics of attaching an adapter of one of these kinds to a model. */
public record ProjectionAdapterMechanics(Path path, ProjectionConfig config)
    implements AdapterMechanics {

  /** Reads the adapter's configuration. */
  public static ProjectionAdapterMechanics at(ProjectionKind kind, Path folder) {
    return new ProjectionAdapterMechanics(folder, ProjectionConfig.read(kind, folder));
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
    return problems(path, ProjectionPlan.of(config, declared));
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
    ProjectionPlan plan = ProjectionPlan.of(config, declared);
    return plan.trainableSummary(ProjectionModel.adapters(plan));
  }

  /**
   * Attaches the adapter to a model. The base's own values of fully saved modules are kept along
   * with the adapter's. While it is merged, copies of the affected weights are kept, so unmerging
   * restores them bit for bit.
   */
  @Override
  public AttachedAdapter attach(Network network) {
    ProjectionPlan plan = fittingPlan(network);
    ProjectionModel model = ProjectionModel.attach(network, plan);
    try (Checkpoint file = PeftFolder.openWeights(path)) {
      model.load(file);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  @Override
  public ProjectionLayerMerge layerMerge(Network declared) {
    return new ProjectionLayerMerge(fittingPlan(declared), PeftFolder.openWeights(path));
  }

  private ProjectionPlan fittingPlan(Network network) {
    ProjectionPlan plan = ProjectionPlan.of(config, network);
    PeftFolder.requireNone(problems(path, plan));
    return plan;
  }

  /** Returns the reasons why a folder's tensors do not match a plan. */
  static List<String> problems(Path folder, ProjectionPlan plan) {
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
