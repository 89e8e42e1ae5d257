package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.sequence.SequenceTokens;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.sequence.SequenceSettings;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** An encoder-decoder, its tokenizer and its adapters, loaded and closed together. */
public record LoadedSequence(
    Path folder,
    EncoderDecoder network,
    Optional<Tokenizer> tokenizer,
    SequenceSettings settings,
    List<AttachedAdapter> adapters)
    implements AutoCloseable {

  /** Loads a folder. Everything that can be checked is checked before weights are allocated. */
  public static LoadedSequence load(
      Path folder, Precision precision, WeightFormat weights, List<AdapterMechanics> adapters) {
    return load(folder, precision, weights, adapters, Architectures::declareSequence);
  }

  /** Loads a folder with a model that reads features of recordings. */
  public static LoadedSequence loadSpeech(
      Path folder, Precision precision, WeightFormat weights, List<AdapterMechanics> adapters) {
    return load(folder, precision, weights, adapters, Architectures::declareSpeech);
  }

  private static LoadedSequence load(
      Path folder,
      Precision precision,
      WeightFormat weights,
      List<AdapterMechanics> adapters,
      Function<ModelConfig, EncoderDecoder> declaring) {
    StoredModel base = StoredModel.read(folder, weights);
    EncoderDecoder network =
        declaring.apply(StackedLayers.of(base.config(), AdapterMechanics.layerStack(adapters)));
    Optional<Tokenizer> tokenizer = Optional.empty();
    List<AttachedAdapter> attached = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      SequenceTokens special = network.specialTokens();
      SequenceSettings settings =
          SequenceSettings.read(folder, base.config(), special.start(), special.padding());
      base.weights().install(network, checkpoint);
      Weights.check(network, checkpoint);
      LoadedModel.requireFitting(folder, network, adapters);
      if (Files.exists(folder.resolve("tokenizer.json"))) {
        tokenizer = Optional.of(Tokenizer.load(folder));
        TokenizerFit.require(folder, network, tokenizer.get());
      }
      network.allocate(LoadedModel.type(precision, network, checkpoint));
      Weights.load(network, checkpoint);
      for (AdapterMechanics adapter : adapters) {
        attached.add(adapter.attach(network));
      }
      return new LoadedSequence(folder, network, tokenizer, settings, List.copyOf(attached));
    } catch (RuntimeException | Error e) {
      LoadedModel.close(network, tokenizer, attached);
      throw e;
    }
  }

  /** Returns the tokenizer of a model that is to work on text. */
  public Tokenizer requireTokenizer() {
    return tokenizer.orElseThrow(
        () ->
            new IllegalStateException(
                folder
                    + " has no tokenizer.json, so this model takes token ids only; add the file, or"
                    + " use generateIds"));
  }

  @Override
  public void close() {
    LoadedModel.close(network, tokenizer, adapters);
  }
}
