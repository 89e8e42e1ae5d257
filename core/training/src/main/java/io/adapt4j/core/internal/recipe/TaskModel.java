package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The checkpoint's model with the output layer that a task needs. */
public record TaskModel(
    Path folder,
    WeightMechanics weights,
    ModelConfig config,
    List<String> labels,
    boolean generates,
    boolean replacesClassifier,
    Optional<Function<ModelConfig, EncoderDecoder>> sequence,
    Optional<PictureTraining> pictures) {

  /** Creates the model of a task that continues or encodes texts. */
  public TaskModel(
      Path folder,
      WeightMechanics weights,
      ModelConfig config,
      List<String> labels,
      boolean generates,
      boolean replacesClassifier) {
    this(
        folder,
        weights,
        config,
        labels,
        generates,
        replacesClassifier,
        Optional.empty(),
        Optional.empty());
  }

  /** Creates the sequence-to-sequence model of a task. */
  public static TaskModel writing(StoredModel stored, Path folder) {
    return sequence(stored, folder, Architectures::declareSequence);
  }

  /** Creates the model of a task that listens to recordings. */
  public static TaskModel listening(StoredModel stored, Path folder) {
    return sequence(stored, folder, Architectures::declareSpeech);
  }

  private static TaskModel sequence(
      StoredModel stored, Path folder, Function<ModelConfig, EncoderDecoder> declaring) {
    return new TaskModel(
        folder,
        stored.weights(),
        stored.config(),
        List.of(),
        false,
        false,
        Optional.of(declaring),
        Optional.empty());
  }

  /** Creates the model of a task that predicts next tokens. */
  public static TaskModel generating(StoredModel stored, Path folder) {
    return new TaskModel(folder, stored.weights(), stored.config(), List.of(), true, false);
  }

  /** Returns the same model, which also reads pictures. */
  public TaskModel reading(Optional<PictureTraining> ofData) {
    return new TaskModel(
        folder, weights, config, labels, generates, replacesClassifier, sequence, ofData);
  }

  public static TaskModel encoding(StoredModel stored, Path folder, ModelConfig config) {
    return new TaskModel(folder, stored.weights(), config, List.of(), false, false);
  }

  public static ModelConfig withOutput(ModelConfig base, OutputLayer layer) {
    return layer.isOf(base)
        ? base
        : base.with(
            "architectures", JsonNodeFactory.instance.arrayNode().add(layer.className(base)));
  }

  /** Declares the network with its weight format, and marks newly initialized parameters. */
  public Network declare() {
    Network declared = declared();
    try (Checkpoint checkpoint = config.openWeights(folder)) {
      if (declared instanceof Encoder encoder) {
        Set<String> fresh = new HashSet<>(NewParameters.missing(encoder, checkpoint));
        if (replacesClassifier) {
          fresh.addAll(NewParameters.classifier(encoder));
        }
        encoder.initializeNew(fresh);
      }
      StackedLayers.install(weights, declared, checkpoint);
    }
    pictures.ifPresent(training -> declared.join(training.declare()));
    return declared;
  }

  private Network declared() {
    if (sequence.isPresent()) {
      return sequence.get().apply(config);
    }
    return generates ? Architectures.declareDecoder(config) : Architectures.declareEncoder(config);
  }

  /** Checks that network and checkpoint match, reading headers only. */
  void checkWeights(Network declared) {
    try (Checkpoint checkpoint = config.openWeights(folder)) {
      Weights.check(declared, checkpoint);
    }
  }

  /** Loads the network and initializes its new parameters. */
  public Network load(Precision precision, long seed) {
    Network network = declare();
    try (Checkpoint checkpoint = config.openWeights(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(LoadedModel.type(precision, network, checkpoint));
      Weights.load(network, checkpoint);
      network.pictureEncoder().ifPresent(encoder -> encoder.load(checkpoint, network.type()));
      NewParameters.initialize(network, seed);
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }
}
