package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.internal.tokenizer.SplitExpressions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Pre-tokenizers for byte-level BPE by the names in GGUF files, in the format of {@code
 * tokenizer.json}.
 */
final class NamedPreTokenizers {

  /** Numbers, then Chinese and Japanese, then words. */
  private static final List<String> DEEPSEEK3 =
      List.of(
          "\\p{N}{1,3}",
          "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
              + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
              + SplitExpressions.SPACES);

  /** Pre-tokenizers that split by one regular expression. */
  private static final Map<String, String> EXPRESSIONS = new HashMap<>();

  static {
    for (String name :
        List.of(
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "dbrx",
            "smaug-bpe",
            "glm4",
            "chatglm-bpe",
            "pixtral",
            "lfm2",
            "llama3-1")) {
      EXPRESSIONS.put(name, SplitExpressions.LLAMA3);
    }
    for (String name : List.of("qwen2", "deepseek-r1-qwen", "megrez", "hunyuan", "stablelm2")) {
      EXPRESSIONS.put(name, SplitExpressions.QWEN2);
    }
    EXPRESSIONS.put("qwen35", SplitExpressions.QWEN35);
    EXPRESSIONS.put("bloom", SplitExpressions.BLOOM);
    EXPRESSIONS.put("gpt-4o", SplitExpressions.GPT_4O);
    EXPRESSIONS.put("llama4", SplitExpressions.GPT_4O);
    EXPRESSIONS.put("tekken", SplitExpressions.TEKKEN);
    EXPRESSIONS.put("seed-coder", SplitExpressions.SEED_CODER);
  }

  /** Pre-tokenizers that split as GPT-2 does. */
  private static final List<String> AS_GPT_2 =
      List.of(
          "gpt-2",
          "phi-2",
          "mpt",
          "olmo",
          "jais",
          "mellum",
          "roberta-bpe",
          "modern-bert",
          "exaone4");

  /** Pre-tokenizers that split as GPT-2 does, with each digit separate. */
  private static final List<String> SINGLE_DIGITS =
      List.of("smollm", "refact", "starcoder", "command-r", "codeshell", "minerva-7b", "exaone");

  /** Pre-tokenizers whose texts are normalized first. */
  private static final List<String> NORMALIZED = List.of("qwen2", "qwen35", "olmo");

  /** Pre-tokenizers whose merges are skipped for pieces that are tokens. */
  private static final List<String> IGNORING_MERGES =
      List.of("llama-bpe", "llama3", "llama-v3", "falcon3", "tekken", "pixtral", "lfm2");

  private NamedPreTokenizers() {}

  /** Returns the pre-tokenizer of a name; empty if the name is unknown. */
  static Optional<ObjectNode> of(String name) {
    if (AS_GPT_2.contains(name)) {
      return Optional.of(byteLevel(true));
    }
    if (SINGLE_DIGITS.contains(name)) {
      ObjectNode digits = object("Digits").put("individual_digits", true);
      return Optional.of(sequence(digits, byteLevel(true)));
    }
    if (name.equals("falcon")) {
      return Optional.of(
          sequence(split("[\\p{P}\\$\\+<=>\\^~\\|`]+"), byteLevel(true), split("[0-9][0-9][0-9]")));
    }
    if (name.equals("hunyuan-dense") || name.equals("deepseek-v3")) {
      return Optional.of(
          sequence(
              split(DEEPSEEK3.get(0)),
              split(DEEPSEEK3.get(1)),
              split(DEEPSEEK3.get(2)),
              byteLevel(false)));
    }
    return Optional.ofNullable(EXPRESSIONS.get(name))
        .map(expression -> sequence(split(expression), byteLevel(false)));
  }

  static boolean normalizes(String name) {
    return NORMALIZED.contains(name);
  }

  static boolean ignoresMerges(String name) {
    return IGNORING_MERGES.contains(name);
  }

  static ObjectNode byteLevel(boolean cuts) {
    return object("ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", cuts);
  }

  private static ObjectNode split(String expression) {
    ObjectNode split = object("Split");
    split.putObject("pattern").put("Regex", expression);
    return split.put("behavior", "Isolated").put("invert", false);
  }

  private static ObjectNode sequence(ObjectNode... steps) {
    ObjectNode sequence = object("Sequence");
    sequence.putArray("pretokenizers").addAll(List.of(steps));
    return sequence;
  }

  private static ObjectNode object(String type) {
    return JsonNodeFactory.instance.objectNode().put("type", type);
  }
}
