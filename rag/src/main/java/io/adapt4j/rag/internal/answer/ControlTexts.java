package io.adapt4j.rag.internal.answer;

import io.adapt4j.rag.internal.WellFormed;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes their effect from texts that a chat template uses as the frame of a conversation: their
 * first bracket becomes another that looks alike. The text's length stays.
 */
final class ControlTexts {

  /** Frames of the usual families; the special tokens of a model come on top. */
  private static final String USUAL =
      "<[|｜]|</?s>|<<?/?SYS>>?|\\[/?INST]|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
          + "|</?(?:think|tool_call|tool_response)>";

  private final Pattern pattern;

  /** Knows the usual frames and those of one model. */
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

  /** The character that one of a disarmed text stood for. */
  static char original(char character) {
    return switch (character) {
      case '‹' -> '<';
      case '⁅' -> '[';
      default -> character;
    };
  }
}
