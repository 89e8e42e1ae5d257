package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/** An encoder, its tokenizer and its adapters, loaded and closed together. */
public record LoadedEncoder(
    Path folder, Encoder encoder, Tokenizer tokenizer, List<AttachedAdapter> adapters)
    implements AutoCloseable {

  /** Check that a use of an encoder makes before weights are allocated. */
  @FunctionalInterface
  public interface Requirement {
    /** Checks an encoder. */
    void check(Encoder declared, Tokenizer tokenizer);
  }

  /** Loads a folder. Everything that can be checked is checked before weights are allocated. */
  public static LoadedEncoder load(
      Path folder, Precision precision, List<AdapterMechanics> adapters, Requirement requirement) {
    return load(folder, precision, WeightFormat.asStored(), adapters, requirement);
  }

  /** Loads a folder, with the linear layers' weights in the given format. */
  public static LoadedEncoder load(
      Path folder,
      Precision precision,
      WeightFormat weights,
      List<AdapterMechanics> adapters,
      Requirement requirement) {
    StoredModel base = StoredModel.read(folder, weights);
    Encoder encoder = Architectures.declareEncoder(config(base, adapters));
    return load(folder, precision, base, encoder, stored -> stored, adapters, requirement);
  }

  /**
   * Loads a folder for embedding, ignoring any output layer of its model, through a view of the
   * stored weights, such as those of a task.
   */
  public static LoadedEncoder embedding(
      Path folder,
      Precision precision,
      UnaryOperator<Checkpoint> view,
      List<AdapterMechanics> adapters,
      Requirement requirement) {
    StoredModel base = StoredModel.read(folder, WeightFormat.asStored());
    ModelConfig config = Architectures.embedding(config(base, adapters));
    Encoder encoder = Architectures.declareEncoder(config);
    return load(folder, precision, base, encoder, view, adapters, requirement);
  }

  /** Loads a language model that scores texts by the choice between two next tokens. */
  public static LoadedEncoder choosing(
      Path folder, Precision precision, List<AdapterMechanics> adapters, int rejected, int chosen) {
    StoredModel base = StoredModel.read(folder, WeightFormat.asStored());
    Encoder encoder =
        Architectures.declareDecoder(config(base, adapters)).choosing(rejected, chosen);
    return load(
        folder, precision, base, encoder, stored -> stored, adapters, (declared, tokenizer) -> {});
  }

  private static LoadedEncoder load(
      Path folder,
      Precision precision,
      StoredModel base,
      Encoder encoder,
      UnaryOperator<Checkpoint> view,
      List<AdapterMechanics> adapters,
      Requirement requirement) {
    Optional<Tokenizer> tokenizer = Optional.empty();
    List<AttachedAdapter> attached = new ArrayList<>();
    try (Checkpoint checkpoint = encoder.modelConfig().openWeights(folder)) {
      if (bringsOutput(base.config(), adapters)) {
        encoder.initializeNew(NewParameters.missing(encoder, checkpoint));
      }
      StackedLayers.install(base.weights(), encoder, checkpoint);
      Weights.check(encoder, checkpoint);
      LoadedModel.requireFitting(folder, encoder, adapters);
      tokenizer = Optional.of(Tokenizer.load(folder));
      TokenizerFit.require(folder, encoder, tokenizer.get());
      requirement.check(encoder, tokenizer.get());
      Checkpoint values = view.apply(checkpoint);
      encoder.allocate(LoadedModel.type(precision, encoder, checkpoint));
      Weights.load(encoder, values);
      NewParameters.initialize(encoder, 0);
      for (AdapterMechanics adapter : adapters) {
        attached.add(adapter.attach(encoder));
      }
      return new LoadedEncoder(folder, encoder, tokenizer.get(), List.copyOf(attached));
    } catch (RuntimeException | Error e) {
      LoadedModel.close(encoder, tokenizer, attached);
      throw e;
    }
  }

  /**
   * Returns the base configuration, or the one changed by an adapter that brings an output layer.
   */
  public static ModelConfig config(Path folder, List<AdapterMechanics> adapters) {
    return config(StoredModel.read(folder, WeightFormat.asStored()), adapters);
  }

  private static ModelConfig config(StoredModel base, List<AdapterMechanics> adapters) {
    ModelConfig stored =
        adapters.stream()
            .flatMap(adapter -> adapter.modelConfig(base.config()).stream())
            .findFirst()
            .orElse(base.config());
    return StackedLayers.of(stored, AdapterMechanics.layerStack(adapters));
  }

  private static boolean bringsOutput(ModelConfig base, List<AdapterMechanics> adapters) {
    return adapters.stream().anyMatch(adapter -> adapter.modelConfig(base).isPresent());
  }

  /**
   * Returns the maximum number of tokens in a text: the model's context length, or less if stated.
   */
  public static int maxTokens(Encoder encoder, Tokenizer tokenizer, OptionalInt stated) {
    int limit = stated.isPresent() ? stated.getAsInt() : tokenizer.modelMaxLength().orElse(0);
    return limit == 0 ? encoder.contextLength() : Math.min(limit, encoder.contextLength());
  }

  @Override
  public void close() {
    LoadedModel.close(encoder, Optional.of(tokenizer), adapters);
  }
}
