package io.adapt4j.rag.internal.answer;

import io.adapt4j.rag.internal.WellFormed;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Neutralizes chat template markup in texts: its first bracket is replaced by a lookalike. The
 * text's length is unchanged.
 */
final class ControlTexts {

  /** Markup of common model families; a model's special tokens are added. */
  private static final String USUAL =
      "<[|｜]|</?s>|<<?/?SYS>>?|\\[/?INST]|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
          + "|</?(?:think|tool_call|tool_response)>";

  private final Pattern pattern;

  /** Creates a filter for common markup and that of one model. */
  ControlTexts(Set<String> own) {
    String all =
        Stream.concat(
                Stream.of(USUAL),
                own.stream()
                    .filter(text -> text.startsWith("<") || text.startsWith("["))
                    .sorted()
                    .map(Pattern::quote))
            .collect(Collectors.joining("|"));
    this.pattern = Pattern.compile(all, Pattern.CASE_INSENSITIVE);
  }

  String disarm(String text) {
    return pattern.matcher(WellFormed.of(text)).replaceAll(found -> alike(found.group()));
  }

  private static String alike(String found) {
    String disarmed = (found.charAt(0) == '<' ? '‹' : '⁅') + found.substring(1);
    return Matcher.quoteReplacement(disarmed);
  }

  /** Returns the original of a character in a neutralized text. */
  static char original(char character) {
    return switch (character) {
      case '‹' -> '<';
      case '⁅' -> '[';
      default -> character;
    };
  }
}
