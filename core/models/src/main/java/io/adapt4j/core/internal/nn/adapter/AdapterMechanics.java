package io.adapt4j.core.internal.nn.adapter;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** A stored change to a model, such as a LoRA adapter, that can be attached to its base model. */
public interface AdapterMechanics extends Adapter {

  static AdapterMechanics of(Adapter adapter) {
    Texts.require("adapter", adapter);
    if (adapter instanceof AdapterMechanics own) {
      return own;
    }
    if (adapter instanceof Adapter.Stored stored) {
      return AdapterFormat.read(stored.folder());
    }
    for (AdapterFormat adapterFormat : ServiceLoader.load(AdapterFormat.class)) {
      Optional<AdapterMechanics> found = adapterFormat.mechanics(adapter);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new CheckpointException(
        "adapter: expected one that a module on the class path brings, found "
            + adapter.getClass().getName()
            + " ('"
            + adapter.name()
            + "'). Add the module that it comes from: adapt4j-lora for PEFT folders. A jar that"
            + " unites modules has to unite their META-INF/services too.");
  }

  static List<AdapterMechanics> of(List<? extends Adapter> adapters) {
    return adapters.stream().map(AdapterMechanics::of).toList();
  }

  @Override
  default String name() {
    return "adapter";
  }

  default Optional<Path> folder() {
    return Optional.empty();
  }

  /** Returns the order in which this adapter stacks the model's layers, if it is a new one. */
  default Optional<LayerStack> layerStack() {
    return Optional.empty();
  }

  /** Returns the order of layers that the first of these adapters to change it asks for. */
  static Optional<LayerStack> layerStack(List<AdapterMechanics> adapters) {
    return adapters.stream().flatMap(adapter -> adapter.layerStack().stream()).findFirst();
  }

  /** Returns the reasons why this adapter does not fit a model, before any weight is read. */
  List<String> problems(Network declared);

  /**
   * Returns the model configuration with this adapter if it adds an output layer that the base
   * lacks.
   */
  default Optional<ModelConfig> modelConfig() {
    return Optional.empty();
  }

  /**
   * Returns the configuration of a base with this adapter if it adds an output layer that the base
   * lacks.
   */
  default Optional<ModelConfig> modelConfig(ModelConfig base) {
    return modelConfig();
  }

  /**
   * Returns the hash of the chat template that the adapter was trained with, as computed by {@link
   * io.adapt4j.core.chat.ChatTemplate#digest}. A model that uses a different template is rejected.
   */
  default Optional<String> chatTemplateDigest() {
    return Optional.empty();
  }

  /** Returns what the adapter adds to a model's memory. */
  TrainableSummary trainableSummary(Network declared);

  AttachedAdapter attach(Network network);

  /** Prepares to merge the adapter one projection at a time. */
  default LayerMerge layerMerge(Network declared) {
    throw new CheckpointException(
        "adapter: expected one that can be merged layer by layer, found '"
            + name()
            + "'. Merge it into a checkpoint first.");
  }
}
