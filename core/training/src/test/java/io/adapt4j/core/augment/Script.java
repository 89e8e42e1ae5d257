package io.adapt4j.core.augment;

import static io.adapt4j.core.Words.split;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A generator that answers what a test says, and remembers what it was asked. */
final class Script implements TextGenerator {

  private static final Pattern TEXT = Pattern.compile("(?s)-----\n(.*)\n-----$");

  /** Words that make paraphrases differ from each other. */
  private static final List<String> WORDS =
      List.of(
          split(
              "|",
              "surely, as everybody says|it is well known|people tell each other",
              "in other words, and shortly|to say it once more|what matters here",
              "so the books have it|scholars agree on this|let me remind you",
              "as far as one can tell|it should be added briefly|which many find remarkable"));

  final List<String> prompts = new ArrayList<>();
  final List<Long> seeds = new ArrayList<>();
  private final Reply reply;

  /** What to answer. */
  @FunctionalInterface
  interface Reply {

    /**
     * Answers.
     *
     * @param text the text between the dashes; the whole prompt where there are none
     * @param number how many were asked before
     */
    String answer(String text, int number);
  }

  Script(Reply reply) {
    this.reply = reply;
  }

  /** Paraphrases that pass every check and differ from each other. */
  static Script good() {
    return new Script(Script::reword);
  }

  static String reword(String text, int number) {
    return text + " " + WORDS.get(number % WORDS.size()) + " " + "x".repeat(number);
  }

  @Override
  public synchronized GeneratedText generate(
      List<ChatMessage> messages, GenerationOptions options) {
    String prompt = (String) messages.get(0).content();
    Matcher text = TEXT.matcher(prompt);
    prompts.add(prompt);
    seeds.add(options.seed());
    String answer = reply.answer(text.find() ? text.group(1) : prompt, prompts.size() - 1);
    return new GeneratedText(answer, FinishReason.STOP, Optional.of(new TokenUsage(10, 4)), false);
  }

  @Override
  public Optional<String> identity() {
    return Optional.of("script");
  }
}
