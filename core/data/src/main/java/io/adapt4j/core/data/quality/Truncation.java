package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Example;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;

/** Truncates examples to a number of tokens. */
final class Truncation {

  private Truncation() {}

  static Example of(Example example, Tokenizer tokenizer, int tokens) {
    if (example instanceof Example.Text text) {
      return new Example.Text(beginning(text.text(), tokenizer, tokens));
    }
    if (example instanceof Example.Classified classified) {
      return new Example.Classified(
          beginning(classified.text(), tokenizer, tokens), classified.labels());
    }
    if (example instanceof Example.PromptCompletion pair) {
      return new Example.PromptCompletion(prompt(pair, tokenizer, tokens), pair.completion());
    }
    return example;
  }

  private static String beginning(String text, Tokenizer tokenizer, int tokens) {
    Encoding encoding = tokenizer.encodeWithOffsets(text, false);
    if (encoding.length() <= tokens) {
      return text;
    }
    int end = safe(text, encoding.ends()[tokens - 1]);
    return end == 0 ? text : text.substring(0, end);
  }

  private static String prompt(Example.PromptCompletion pair, Tokenizer tokenizer, int tokens) {
    Encoding encoding = tokenizer.encodeWithOffsets(pair.prompt() + pair.completion(), false);
    int over = encoding.length() - tokens;
    if (over <= 0) {
      return pair.prompt();
    }
    int start = Math.min(encoding.starts()[over], pair.prompt().length());
    return pair.prompt().substring(safe(pair.prompt(), start));
  }

  /** Returns a position that does not split a surrogate pair. */
  private static int safe(String text, int at) {
    return at > 0 && at < text.length() && Character.isLowSurrogate(text.charAt(at)) ? at + 1 : at;
  }
}
