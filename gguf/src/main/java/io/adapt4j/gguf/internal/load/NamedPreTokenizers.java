package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.internal.tokenizer.SplitExpressions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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

  /** Letters with two cases, as far as the first DeepSeek tokenizers know them. */
  private static final String CASED =
      "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293"
          + "\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a"
          + "\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556"
          + "\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b"
          + "\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d"
          + "\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe"
          + "\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4"
          + "\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128"
          + "\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184"
          + "\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b"
          + "\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17"
          + "\uff21-\uff3a\uff41-\uff5a\ud801\udc00-\ud801\udc4f\ud801\udcb0-\ud801\udcd3"
          + "\ud801\udcd8-\ud801\udcfb\ud803\udc80-\ud803\udcb2\ud803\udcc0-\ud803\udcf2"
          + "\ud806\udca0-\ud806\udcdf\ud83a\udd00-\ud83a\udd43";

  /** Line breaks, words, punctuation, spaces at the end, Chinese and Korean, then numbers. */
  private static final List<String> DEEPSEEK =
      List.of(
          "[\\r\\n]",
          "\\s?[" + CASED + "]+",
          "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
          "\\s+$",
          "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
          "\\p{N}+");

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
    EXPRESSIONS.put("minimax-m2", SplitExpressions.GPT_4O);
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
      return Optional.of(splits(DEEPSEEK3));
    }
    if (name.equals("deepseek-llm")) {
      return Optional.of(splits(DEEPSEEK));
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

  private static ObjectNode splits(List<String> expressions) {
    return sequence(
        Stream.concat(
                expressions.stream().map(NamedPreTokenizers::split), Stream.of(byteLevel(false)))
            .toArray(ObjectNode[]::new));
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
