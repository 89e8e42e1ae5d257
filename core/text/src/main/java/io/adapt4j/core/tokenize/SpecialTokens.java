package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Special tokens and settings from {@code tokenizer_config.json} and {@code
 * special_tokens_map.json}.
 */
record SpecialTokens(
    OptionalInt bos,
    OptionalInt eos,
    OptionalInt pad,
    OptionalInt unk,
    OptionalInt mask,
    OptionalInt maxLength,
    Optional<Affixes> affixes,
    boolean cleanUpSpaces) {

  /** The tokens around a text. */
  record Affixes(boolean bos, boolean eos) {

    Frame frame(SpecialTokens tokens) {
      return Frame.of(
          bos ? tokens.bos() : OptionalInt.empty(), eos ? tokens.eos() : OptionalInt.empty());
    }
  }

  /**
   * Transformers rebuilds the post-processor of these classes from add_bos_token and add_eos_token;
   * for other classes it ignores the two fields and uses the one in tokenizer.json.
   */
  private static final Set<String> REBUILT = Set.of("Llama", "CodeLlama", "Gemma", "Cohere");

  private static final int MOST_TOKENS = 1 << 30;

  /**
   * Reads the two files, either of which may be absent. The last parameter is the default for
   * removing spaces when decoding.
   */
  static SpecialTokens read(Path folder, Vocabulary vocabulary, boolean cleanUpByDefault) {
    ConfigReader config = readOrEmpty(folder.resolve("tokenizer_config.json"));
    ConfigReader map = readOrEmpty(folder.resolve("special_tokens_map.json"));
    OptionalInt bos = id("bos_token", config, map, vocabulary);
    OptionalInt eos = id("eos_token", config, map, vocabulary);
    return new SpecialTokens(
        bos,
        eos,
        id("pad_token", config, map, vocabulary),
        id("unk_token", config, map, vocabulary),
        id("mask_token", config, map, vocabulary),
        maxLength(config),
        affixes(config, bos, eos),
        config.bool("clean_up_tokenization_spaces", cleanUpByDefault));
  }

  /** Transformers writes 10^30 if it knows no limit. */
  private static OptionalInt maxLength(ConfigReader config) {
    OptionalDouble length = config.optionalNumber("model_max_length");
    return length.isPresent() && length.getAsDouble() >= 1 && length.getAsDouble() <= MOST_TOKENS
        ? OptionalInt.of((int) length.getAsDouble())
        : OptionalInt.empty();
  }

  private static ConfigReader readOrEmpty(Path file) {
    return Files.isRegularFile(file) ? ConfigReader.read(file) : ConfigReader.parse(file, "{}");
  }

  private static OptionalInt id(
      String field, ConfigReader config, ConfigReader map, Vocabulary vocabulary) {
    ConfigReader source = config.json().has(field) ? config : map;
    if (!source.has(field)) {
      return OptionalInt.empty();
    }
    String token = content(source, field);
    OptionalInt id = vocabulary.id(token);
    if (id.isEmpty()) {
      throw CheckpointException.inField(
          source.file(),
          field,
          "a token of tokenizer.json",
          "'" + token + "', which is not one",
          "Use the files of one and the same model.");
    }
    return id;
  }

  private static String content(ConfigReader source, String field) {
    ObjectNode fields = source.json();
    JsonNode value = fields.get(field);
    JsonNode content = value.isObject() ? value.path("content") : value;
    if (!content.isTextual()) {
      throw source.invalid(field, "a text or an object with a text 'content'", "Correct it.");
    }
    return content.textValue();
  }

  private static Optional<Affixes> affixes(ConfigReader config, OptionalInt bos, OptionalInt eos) {
    String name = config.optionalText("tokenizer_class").orElse("");
    String family = name.replaceFirst("Tokenizer(Fast)?$", "");
    boolean stated = config.has("add_bos_token") || config.has("add_eos_token");
    if (!stated || !REBUILT.contains(family)) {
      return Optional.empty();
    }
    Affixes affixes =
        new Affixes(config.bool("add_bos_token", true), config.bool("add_eos_token", false));
    requireToken(config, "add_bos_token", affixes.bos(), "bos_token", bos);
    requireToken(config, "add_eos_token", affixes.eos(), "eos_token", eos);
    return Optional.of(affixes);
  }

  private static void requireToken(
      ConfigReader config, String field, boolean wanted, String tokenField, OptionalInt id) {
    if (wanted && id.isEmpty()) {
      throw config.invalid(
          field, "false where there is no " + tokenField, "Name the " + tokenField + ".");
    }
  }
}
