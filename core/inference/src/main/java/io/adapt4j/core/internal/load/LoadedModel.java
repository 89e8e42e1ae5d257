package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** A language model, its tokenizer and its adapters, loaded and closed together. */
public record LoadedModel(
    Path folder,
    Decoder decoder,
    WeightFormat weights,
    Optional<Tokenizer> tokenizer,
    SpecialIds specialIds,
    AdapterSet adapters)
    implements AutoCloseable {

  /** Special tokens that generation needs. */
  public record SpecialIds(OptionalInt first, Set<Integer> end, int pad) {}

  /** Loads a folder. Everything that can be checked is checked before weights are allocated. */
  public static LoadedModel load(
      Path folder, Precision precision, WeightFormat weights, List<AdapterMechanics> adapters) {
    StoredModel base = StoredModel.read(folder, weights);
    ModelConfig config = StackedLayers.of(base.config(), AdapterMechanics.layerStack(adapters));
    GenerationDefaults defaults = GenerationDefaults.read(folder, config);
    Decoder decoder = Architectures.declareDecoder(config);
    Optional<Tokenizer> tokenizer = Optional.empty();
    AdapterSet attached = new AdapterSet(decoder);
    try (Checkpoint checkpoint = config.openWeights(folder)) {
      StackedLayers.install(base.weights(), decoder, checkpoint);
      Weights.check(decoder, checkpoint);
      requireFitting(folder, decoder, adapters);
      tokenizer = tokenizer(folder);
      tokenizer.ifPresent(loaded -> TokenizerFit.require(folder, decoder, loaded));
      SpecialIds specialIds = specialIds(config, defaults, tokenizer);
      decoder.allocate(type(precision, decoder, checkpoint));
      Weights.load(decoder, checkpoint);
      adapters.forEach(attached::load);
      return new LoadedModel(folder, decoder, base.weights(), tokenizer, specialIds, attached);
    } catch (RuntimeException | Error e) {
      attached.close();
      close(decoder, tokenizer, List.of());
      throw e;
    }
  }

  /** Checks adapters against a declared network. */
  static void requireFitting(Path folder, Network declared, List<AdapterMechanics> adapters) {
    List<String> problems =
        adapters.stream().flatMap(adapter -> adapter.problems(declared).stream()).toList();
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "The adapter does not fit the model " + folder + ": " + String.join(" ", problems));
    }
  }

  private static Optional<Tokenizer> tokenizer(Path folder) {
    return Files.exists(folder.resolve("tokenizer.json"))
        ? Optional.of(Tokenizer.load(folder))
        : Optional.empty();
  }

  public static SpecialIds specialIds(
      ModelConfig config, GenerationDefaults defaults, Optional<Tokenizer> tokenizer) {
    Set<Integer> end = new LinkedHashSet<>(defaults.eosTokenIds());
    if (end.isEmpty()) {
      end.addAll(config.eosTokenIds());
    }
    if (end.isEmpty()) {
      tokenizer.ifPresent(loaded -> loaded.eosId().ifPresent(end::add));
    }
    OptionalInt eos = end.stream().mapToInt(Integer::intValue).findFirst();
    OptionalInt bos = tokenizer.isPresent() ? tokenizer.get().bosId() : defaults.bosTokenId();
    OptionalInt pad =
        defaults.padTokenId().isPresent() ? defaults.padTokenId() : config.padTokenId();
    int fallback = tokenizer.map(Tokenizer::paddingId).orElse(eos.orElse(0));
    return new SpecialIds(bos.isPresent() ? bos : eos, Set.copyOf(end), pad.orElse(fallback));
  }

  /** Returns the compute type that a precision selects for a checkpoint. */
  public static DType type(Precision precision, Network network, Checkpoint checkpoint) {
    return switch (precision) {
      case FP32 -> DType.F32;
      case BF16 -> DType.BF16;
      case FP16 -> DType.F16;
      case AUTO ->
          isStoredAsBf16(network, checkpoint) && Engine.current().multipliesBf16()
              ? DType.BF16
              : DType.F32;
    };
  }

  /**
   * Returns the compute type that a precision selects for a model folder, from the headers of its
   * weights.
   */
  public static DType typeOf(Precision precision, Network declared, Path folder) {
    try (Checkpoint checkpoint = declared.modelConfig().openWeights(folder)) {
      return type(precision, declared, checkpoint);
    }
  }

  private static boolean isStoredAsBf16(Network network, Checkpoint checkpoint) {
    return Weights.storedTypes(network, checkpoint).equals(Set.of(StoredType.BF16));
  }

  @Override
  public void close() {
    adapters.close();
    close(decoder, tokenizer, List.of());
  }

  /** Returns the tokenizer of a model that is to work on text. */
  public Tokenizer requireTokenizer() {
    return tokenizer.orElseThrow(
        () ->
            new IllegalStateException(
                folder
                    + " has no tokenizer.json, so this model takes token ids only; add the file, or"
                    + " use generateIds and scoreIds"));
  }

  /** Encodes a prompt; an empty prompt becomes the start token. */
  public int[] promptIds(String prompt) {
    return startedIds(requireTokenizer().encodePrompt(prompt));
  }

  /**
   * Encodes a prompt like {@link #promptIds(String)}, but fails early if it has too many tokens.
   */
  public int[] promptIds(String prompt, int mostTokens, BooleanSupplier isCancelled) {
    return startedIds(requireTokenizer().encodePrompt(prompt, mostTokens, isCancelled));
  }

  private int[] startedIds(int[] ids) {
    return ids.length == 0 && specialIds.first().isPresent()
        ? new int[] {specialIds.first().getAsInt()}
        : ids;
  }

  /** Closes adapters in reverse order, then the tokenizer and the network. */
  static void close(
      Network network, Optional<Tokenizer> tokenizer, List<AttachedAdapter> adapters) {
    for (int i = adapters.size() - 1; i >= 0; i--) {
      adapters.get(i).close();
    }
    tokenizer.ifPresent(Tokenizer::close);
    network.close();
  }
}
