package io.adapt4j.core.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.inspect.ModelWarning.Kind;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads a model folder part by part and continues if a part cannot be read. */
final class ModelInfoReader {

  private static final Set<String> OUTPUT_MATRICES =
      Set.of("lm_head.weight", "embed_out.weight", "output.weight", "model.lm_head.weight");

  private static final List<String> LICENSE_FILES =
      List.of("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "LICENCE.md");

  private static final long LARGEST_LICENSE = 1_000_000;

  private final Path folder;
  private final List<ModelWarning> problems = new ArrayList<>();

  /** Null as long as no weights have been seen. */
  private @Nullable Boolean hasOutputMatrix;

  /** Whether the model computes with a separate output matrix, even if the file says otherwise. */
  private boolean untied;

  ModelInfoReader(Path folder) {
    this.folder = folder;
  }

  ModelInfo read() {
    JsonNode config = ConfigReader.read(folder.resolve(ModelConfig.FILE)).json();
    Optional<StoredQuantization> quantization =
        attempt(Kind.UNREADABLE_FILE, () -> StoredQuantization.read(folder, config))
            .orElseGet(Optional::empty);
    Optional<String> unsupported = unsupported();
    unsupported.ifPresent(
        reason ->
            problems.add(
                new ModelWarning(
                    Kind.UNSUPPORTED_ARCHITECTURE, "This build cannot run the model. " + reason)));
    Optional<StoredWeights> weights =
        attempt(
            Kind.NO_WEIGHTS,
            () -> weights(quantization.map(StoredQuantization::bits).orElse(OptionalInt.empty())));
    JsonNode tokenizerConfig =
        attempt(Kind.UNREADABLE_FILE, () -> fields("tokenizer_config.json"))
            .orElse(MissingNode.getInstance());
    Optional<TokenizerInfo> tokenizer =
        attempt(Kind.NO_TOKENIZER, () -> TokenizerInfo.read(folder, tokenizerConfig));
    return new ModelInfo(
        SingleFileModels.origin(folder),
        withTying(ModelShape.read(config)),
        quantization,
        unsupported,
        weights,
        tokenizer,
        padTokenId(config, tokenizer),
        attempt(Kind.UNREADABLE_FILE, this::chatTemplates).orElseGet(List::of),
        attempt(Kind.UNREADABLE_FILE, () -> ModelCard.read(folder)).orElseGet(ModelCard::empty),
        licenseText(),
        problems,
        Intent.of());
  }

  private List<String> chatTemplates() {
    return ChatTemplate.find(folder).stream()
        .flatMap(template -> template.names().stream())
        .sorted()
        .toList();
  }

  private Optional<String> unsupported() {
    try {
      ModelConfig stated = StoredModel.read(folder, WeightFormat.asStored()).config();
      ModelConfig known = Architectures.known(stated);
      try (Network network = Architectures.declare(known)) {
        JsonNode tied = network.modelConfig().toJson().path("tie_word_embeddings");
        untied = tied.isBoolean() && !tied.booleanValue();
      }
      Architectures.note(stated, known)
          .ifPresent(note -> problems.add(new ModelWarning(Kind.READ_AS_KNOWN_FAMILY, note)));
      Architectures.unknownFields(known)
          .ifPresent(note -> problems.add(new ModelWarning(Kind.UNKNOWN_FIELDS, note)));
      Architectures.storedHead(known)
          .ifPresent(note -> problems.add(new ModelWarning(Kind.UNTIED_OUTPUT_MATRIX, note)));
      return Optional.empty();
    } catch (CheckpointException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private StoredWeights weights(OptionalInt packedBits) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      hasOutputMatrix = OUTPUT_MATRICES.stream().anyMatch(checkpoint.names()::contains);
      return StoredWeights.of(checkpoint, packedBits);
    }
  }

  /** A language model without its own output matrix uses the embedding. */
  private ModelShape withTying(ModelShape shape) {
    if (untied) {
      return shape.withTiedEmbeddings(false);
    }
    boolean generates =
        shape.architectures().stream()
            .anyMatch(name -> name.endsWith("ForCausalLM") || name.endsWith("LMHeadModel"));
    if (shape.tiedEmbeddings().isPresent() || hasOutputMatrix == null || !generates) {
      return shape;
    }
    return shape.withTiedEmbeddings(!hasOutputMatrix);
  }

  private OptionalInt padTokenId(JsonNode config, Optional<TokenizerInfo> tokenizer) {
    JsonNode generation =
        attempt(Kind.UNREADABLE_FILE, () -> fields(GenerationDefaults.FILE))
            .orElse(MissingNode.getInstance());
    for (JsonNode source : List.of(generation, config, config.path("text_config"))) {
      JsonNode id = source.path("pad_token_id");
      if (id.isInt() && id.intValue() >= 0) {
        return OptionalInt.of(id.intValue());
      }
    }
    return tokenizer
        .filter(tokenizerInfo -> tokenizerInfo.specialTokens().containsKey("pad"))
        .stream()
        .mapToInt(TokenizerInfo::paddingId)
        .findFirst();
  }

  /** The text is only searched, so bytes that are not UTF-8 do no harm. */
  private Optional<String> licenseText() {
    for (String name : LICENSE_FILES) {
      Path file = folder.resolve(name);
      try {
        if (Files.isRegularFile(file) && Files.size(file) <= LARGEST_LICENSE) {
          return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        problems.add(
            new ModelWarning(
                Kind.UNREADABLE_FILE,
                file + ": reading failed: " + e + ". Check that it is a readable file."));
      }
    }
    return Optional.empty();
  }

  private JsonNode fields(String name) {
    Path file = folder.resolve(name);
    return Files.isRegularFile(file) ? ConfigReader.read(file).json() : MissingNode.getInstance();
  }

  /** Reads a part, or records why it could not be read. */
  private <T> Optional<T> attempt(Kind kind, Supplier<T> part) {
    try {
      return Optional.of(part.get());
    } catch (CheckpointException | ChatException | TemplateException e) {
      problems.add(new ModelWarning(kind, String.valueOf(e.getMessage())));
      return Optional.empty();
    }
  }
}
