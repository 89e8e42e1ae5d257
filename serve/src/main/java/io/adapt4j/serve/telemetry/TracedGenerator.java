package io.adapt4j.serve.telemetry;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A generator whose calls are spans. Several conversations of one call are one span. */
record TracedGenerator(Spans spans, String model, TextGenerator generator)
    implements TextGenerator {

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
    return one(messages, () -> generator.generate(messages, options));
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    return one(messages, () -> generator.stream(messages, options, timed(onText)));
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return one(messages, () -> generator.stream(messages, options, timed(onText), cancellation));
  }

  private GeneratedText one(List<ChatMessage> messages, Supplier<GeneratedText> call) {
    return spans.chat(model, messages, call, answer -> said(List.of(answer)));
  }

  @Override
  public List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options, Arrivals arrivals) {
    return spans.chat(
        model,
        conversations.stream().flatMap(List::stream).toList(),
        () -> generator.generateAll(conversations, options, arrivals),
        TracedGenerator::said);
  }

  @Override
  public Optional<String> identity() {
    return generator.identity();
  }

  @Override
  public boolean retrieves() {
    return generator.retrieves();
  }

  private Consumer<String> timed(Consumer<String> onText) {
    long begun = System.nanoTime();
    boolean[] told = new boolean[1];
    return piece -> {
      if (!told[0]) {
        told[0] = true;
        spans.first(model, (System.nanoTime() - begun) / 1e9);
      }
      onText.accept(piece);
    };
  }

  /** Sums the tokens; answers of a cache cost none. */
  private static Spans.Said said(List<GeneratedText> answers) {
    List<TokenUsage> usages =
        answers.stream()
            .filter(answer -> !answer.cached())
            .flatMap(answer -> answer.usage().stream())
            .toList();
    return new Spans.Said(
        answers.stream().map(answer -> ChatMessage.assistant(answer.text())).toList(),
        answers.stream().map(GeneratedText::finishReason).toList(),
        usages.stream()
            .reduce(
                (one, other) ->
                    new TokenUsage(
                        one.promptTokens() + other.promptTokens(),
                        one.newTokens() + other.newTokens())));
  }
}
