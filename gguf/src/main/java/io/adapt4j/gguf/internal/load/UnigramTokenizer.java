package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;
import java.nio.file.Path;
import java.util.Base64;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Converts a Unigram tokenizer, which splits a text into its most likely sequence of pieces. */
record UnigramTokenizer(
    Path file, GgufMetadata metadata, GgufVocabulary vocabulary, OptionalInt unknown) {

  /** Name of the tokenizer model in files. */
  static final String MODEL = "t5";

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String SPACE = "\u2581";

  /** Limit for the size of a character map, far above SentencePiece's own. */
  private static final int MOST_CHARACTERS = 1 << 26;

  /** Returns the default token of a role, as in T5. */
  static OptionalInt usualId(String role) {
    return switch (role) {
      case "padding" -> OptionalInt.of(0);
      case "eos" -> OptionalInt.of(1);
      case "unknown" -> OptionalInt.of(2);
      default -> OptionalInt.empty();
    };
  }

  /** Writes the tokenizer except added tokens and the post-processor. */
  void describe(ObjectNode fields) {
    fields.set("normalizer", normalizer());
    fields.set("pre_tokenizer", spaces());
    fields.putNull("post_processor");
    fields.set("decoder", spaces());
    fields.set("model", model());
  }

  private ObjectNode normalizer() {
    ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
    ArrayNode steps = sequence.putArray("normalizers");
    byte[] characters = characters();
    if (characters.length > 0) {
      steps
          .addObject()
          .put("type", "Precompiled")
          .put("precompiled_charsmap", Base64.getEncoder().encodeToString(characters));
    }
    if (metadata.bool(PREFIX + "remove_extra_whitespaces").orElse(false)) {
      steps.addObject().put("type", "Strip").put("strip_left", false).put("strip_right", true);
      ObjectNode merge = steps.addObject().put("type", "Replace");
      merge.putObject("pattern").put("Regex", " {2,}");
      merge.put("content", SPACE);
    }
    return sequence;
  }

  private byte[] characters() {
    long[] stored = metadata.integers(PREFIX + "precompiled_charsmap").orElseGet(() -> new long[0]);
    if (stored.length > MOST_CHARACTERS) {
      throw GgufVocabulary.damaged(
          file,
          "precompiled_charsmap",
          "at most " + MOST_CHARACTERS + " bytes",
          stored.length + " bytes");
    }
    byte[] bytes = new byte[stored.length];
    for (int i = 0; i < bytes.length; i++) {
      if (stored[i] < Byte.MIN_VALUE || stored[i] > 255) {
        throw GgufVocabulary.damaged(
            file, "precompiled_charsmap", "bytes", String.valueOf(stored[i]));
      }
      bytes[i] = (byte) stored[i];
    }
    return bytes;
  }

  private ObjectNode spaces() {
    boolean prepends = metadata.bool(PREFIX + "add_space_prefix").orElse(false);
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", prepends ? "always" : "never")
        .put("split", true);
  }

  private ObjectNode model() {
    int count = vocabulary.tokens().size();
    if (vocabulary.scores().length != count) {
      throw GgufVocabulary.damaged(file, "scores", count + " scores", "none");
    }
    int unknownId = unknown.orElse(0);
    if (unknownId >= count) {
      throw GgufVocabulary.damaged(
          file, "unknown_token_id", "below " + count, String.valueOf(unknownId));
    }
    ObjectNode unigram =
        JsonNodeFactory.instance.objectNode().put("type", "Unigram").put("unk_id", unknownId);
    ArrayNode pieces = unigram.putArray("vocab");
    double least = leastScore();
    for (int id = 0; id < used(); id++) {
      // Padding ids must not make unknown characters less likely.
      double score = vocabulary.isPlaceholder(id) ? least : vocabulary.scores()[id];
      pieces.addArray().add(vocabulary.tokens().get(id)).add(score);
    }
    return unigram.put("byte_fallback", false);
  }

  /** Returns the number of ids up to the last one that is not padding. */
  private int used() {
    int count = vocabulary.tokens().size();
    while (count > 0 && vocabulary.isPlaceholder(count - 1)) {
      count--;
    }
    return count;
  }

  private double leastScore() {
    return IntStream.range(0, vocabulary.types().length)
        .filter(id -> vocabulary.types()[id] == GgufVocabulary.NORMAL)
        .mapToDouble(id -> vocabulary.scores()[id])
        .min()
        .orElse(0);
  }
}
