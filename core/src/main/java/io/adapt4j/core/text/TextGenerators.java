package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Ways to get a {@link TextGenerator}. */
public final class TextGenerators {

  private TextGenerators() {}

  /**
   * Makes a generator of a function of the last message.
   *
   * @param identity what tells it from other generators
   * @param answer gives the answer to a text
   * @return the generator
   */
  public static TextGenerator of(String identity, UnaryOperator<String> answer) {
    return named(
        identity,
        (messages, options) ->
            GeneratedText.of(answer.apply(text(messages.get(messages.size() - 1)))));
  }

  /**
   * Gives a generator an identity, such as one that is a function and has none.
   *
   * @param identity what tells it from other generators, without secrets
   * @param generator the generator
   * @return the same generator with that identity
   * @throws IllegalArgumentException if the identity is blank
   */
  public static TextGenerator named(String identity, TextGenerator generator) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity must be a text, found a blank one");
    }
    return new Named(identity, generator);
  }

  /**
   * Keeps the answers of a generator on disk, and answers what was asked before from there.
   *
   * @param generator the generator
   * @param cache where answers are kept
   * @return a generator that asks the other only what is not kept
   * @throws IllegalArgumentException if the generator has no identity
   */
  public static TextGenerator cached(TextGenerator generator, AnswerCache cache) {
    requireIdentity(generator);
    return new CachedGenerator(generator, cache);
  }

  static String requireIdentity(TextGenerator generator) {
    return generator
        .identity()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a generator whose answers are kept needs an identity, so that they are not"
                        + " taken for those of another; give it one with"
                        + " TextGenerators.named(\"...\", generator)"));
  }

  /** The text of a message; empty where it has none. */
  static String text(ChatMessage message) {
    return message.content() instanceof String text ? text : "";
  }

  private record Named(String name, TextGenerator generator) implements TextGenerator {

    @Override
    public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
      return generator.generate(messages, options);
    }

    @Override
    public GeneratedText stream(
        List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
      return generator.stream(messages, options, onText);
    }

    @Override
    public List<GeneratedText> generateAll(
        List<List<ChatMessage>> conversations, GenerationOptions options, Arrivals arrivals) {
      return generator.generateAll(conversations, options, arrivals);
    }

    @Override
    public Optional<String> identity() {
      return Optional.of(name);
    }
  }
}
