package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds llama.cpp's name for a BPE tokenizer's pre-tokenizer. Known tokenizers are identified by
 * the hash of the ids of a fixed text, as in the official converter; others by the regular
 * expressions in their file.
 */
final class PreTokenizerNames {

  /** Names by regular expression. */
  private static final Map<String, String> BY_EXPRESSION =
      Map.of(
          SplitExpressions.QWEN2, "qwen2",
          SplitExpressions.QWEN35, "qwen35",
          SplitExpressions.GPT_4O, "gpt-4o",
          SplitExpressions.TEKKEN, "tekken",
          SplitExpressions.BLOOM, "bloom");

  private PreTokenizerNames() {}

  static String find(TokenizerFolder folder) {
    try (Tokenizer tokenizer = Tokenizer.load(folder.path())) {
      String hash = hash(tokenizer.encode(resource("pre-tokenizer-probe.txt"), true));
      return Optional.ofNullable(known().get(hash))
          .or(() -> byStructure(folder.requireTokenizer()))
          .orElseThrow(
              () ->
                  new CheckpointException(
                      folder.path().resolve("tokenizer.json")
                          + ": pre_tokenizer: expected one that llama.cpp knows, found "
                          + folder.requireTokenizer().path("pre_tokenizer")
                          + ". If you know its name in llama.cpp, give it as"
                          + " preTokenizer(name)."));
    }
  }

  static String hash(int[] ids) {
    return FileDigest.sha256(Arrays.toString(ids));
  }

  private static Map<String, String> known() {
    Map<String, String> names = new HashMap<>();
    resource("pre-tokenizers.txt")
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split(" "))
        .forEach(parts -> names.put(parts[0], parts[1]));
    return names;
  }

  private static String resource(String name) {
    try (InputStream in = PreTokenizerNames.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the name that matches the description in {@code tokenizer.json}; empty if none does.
   */
  static Optional<String> byStructure(JsonNode root) {
    Split split = new Split();
    split.read(root.path("pre_tokenizer"));
    if (!split.bytes || split.other) {
      return Optional.empty();
    }
    if (split.expression == null) {
      return split.gpt2 ? Optional.of(split.digits ? "smollm" : "gpt-2") : Optional.empty();
    }
    if (split.gpt2 || split.digits) {
      return Optional.empty();
    }
    if (split.expression.equals(SplitExpressions.LLAMA3)) {
      boolean whole = root.path("model").path("ignore_merges").asBoolean(false);
      return Optional.of(whole ? "llama-bpe" : "dbrx");
    }
    return Optional.ofNullable(BY_EXPRESSION.get(split.expression));
  }

  /** The steps of a pre-tokenizer. */
  private static final class Split {
    private boolean bytes;
    private boolean gpt2;
    private boolean digits;
    private boolean other;
    private @Nullable String expression;

    void read(JsonNode step) {
      switch (step.path("type").asText()) {
        case "Sequence" -> step.path("pretokenizers").forEach(this::read);
        case "ByteLevel" -> {
          bytes = true;
          gpt2 = step.path("use_regex").asBoolean(true);
          other |= step.path("add_prefix_space").asBoolean(false);
        }
        case "Digits" -> {
          digits = true;
          other |= !step.path("individual_digits").asBoolean(false);
        }
        case "Split" -> {
          other |=
              expression != null
                  || !step.path("behavior").asText().equals("Isolated")
                  || step.path("invert").asBoolean(false);
          expression = step.path("pattern").path("Regex").asText();
        }
        default -> other = true;
      }
    }
  }
}
