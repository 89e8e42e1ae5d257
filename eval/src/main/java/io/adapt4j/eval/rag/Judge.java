package io.adapt4j.eval.rag;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.JudgeText;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** A text generator used for lists and for yes or no questions. */
record Judge(TextGenerator generator, GenerationOptions options) {

  private static final Pattern BULLET = Pattern.compile("^\\s*(?:[-*•]|\\d+[.)])\\s+");
  private static final Pattern NO_LETTERS = Pattern.compile("^\\P{L}+");

  /** The lines of an answer, without bullets and numbers. */
  List<String> lines(String prompt) {
    return JudgeText.said(generator.generate(prompt, options).text())
        .lines()
        .map(line -> BULLET.matcher(line).replaceFirst("").strip())
        .filter(line -> !line.isEmpty())
        .toList();
  }

  /** One answer per prompt; empty if it is neither yes nor no. */
  List<Optional<Boolean>> yesOrNo(List<String> prompts) {
    List<List<ChatMessage>> conversations =
        prompts.stream().map(prompt -> List.of(ChatMessage.user(prompt))).toList();
    return generator.generateAll(conversations, options).stream()
        .map(GeneratedText::text)
        .map(Judge::verdict)
        .toList();
  }

  /** One answer per seed. */
  List<String> variants(String prompt, int count) {
    return LongStream.range(0, count)
        .mapToObj(i -> options.toBuilder().seed(options.seed() + i).build())
        .map(generationOptions -> generator.generate(prompt, generationOptions).text())
        .map(JudgeText::said)
        .toList();
  }

  private static Optional<Boolean> verdict(String answer) {
    String word = JudgeText.said(answer).toLowerCase(Locale.ROOT);
    String plain = NO_LETTERS.matcher(word).replaceFirst("");
    if (plain.matches("(?s)yes\\b.*")) {
      return Optional.of(true);
    }
    return plain.matches("(?s)no\\b.*") ? Optional.of(false) : Optional.empty();
  }
}
