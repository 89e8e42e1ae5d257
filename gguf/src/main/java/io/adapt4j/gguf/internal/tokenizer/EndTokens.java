package io.adapt4j.gguf.internal.tokenizer;

import java.util.Set;

/**
 * Control tokens that end an answer. llama.cpp recognizes them by text, in addition to the
 * end-of-text, end-of-turn and end-of-message ids in a file.
 */
public final class EndTokens {

  private static final Set<String> TEXTS =
      Set.of(
          "<|eot_id|>",
          "<|eom_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<eos>",
          "</s>",
          "<\uff5cend\u2581of\u2581sentence\uff5c>");

  private EndTokens() {}

  /** Returns whether llama.cpp ends an answer at a token even if the file does not declare it. */
  public static boolean isKnown(String text) {
    return TEXTS.contains(text);
  }
}
