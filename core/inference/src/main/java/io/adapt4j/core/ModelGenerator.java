package io.adapt4j.core;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** A model in this process as a text generator. */
final class ModelGenerator implements TextGenerator {

  static final int DEFAULT_BATCH = 8;

  private final LanguageModel model;
  private final int batch;

  ModelGenerator(LanguageModel model, int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch must be at least 1, found " + batch);
    }
    this.model = model;
    this.batch = batch;
  }

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
    return answer(messages, options, piece -> {}, new CancellationToken());
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    return answer(messages, options, onText, new CancellationToken());
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return answer(messages, options, onText, cancellation);
  }

  private GeneratedText answer(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return text(
        fitting(
            () ->
                model.hasChatTemplate()
                    ? model.chat(messages, ChatOptions.defaults(), options, onText, cancellation)
                    : model.generate(plain(messages), options, onText, cancellation)));
  }

  @Override
  public List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options, Arrivals arrivals) {
    boolean chat = model.hasChatTemplate();
    List<GeneratedText> answers = new ArrayList<>(conversations.size());
    for (int from = 0; from < conversations.size(); from += batch) {
      List<List<ChatMessage>> part =
          conversations.subList(from, Math.min(conversations.size(), from + batch));
      List<Generation> generated =
          fitting(
              () ->
                  chat
                      ? model.chatAll(part, options)
                      : model.generateAll(
                          part.stream().map(ModelGenerator::plain).toList(), options));
      for (Generation generation : generated) {
        arrivals.arrived(answers.size(), text(generation));
        answers.add(text(generation));
      }
    }
    return answers;
  }

  @Override
  public Optional<String> identity() {
    return model.identity();
  }

  private static <T> T fitting(Supplier<T> generation) {
    try {
      return generation.get();
    } catch (IllegalArgumentException e) {
      throw new RequestRefusedException("the model refuses the request: " + e.getMessage(), e);
    }
  }

  /** Joins the texts of messages, without a chat template. */
  static String plain(List<ChatMessage> messages) {
    return messages.stream()
        .map(ChatMessage::content)
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .collect(Collectors.joining("\n\n"));
  }

  private static GeneratedText text(Generation generation) {
    return new GeneratedText(
        generation.text(),
        generation.finishReason(),
        Optional.of(new TokenUsage(generation.promptTokens(), generation.tokenIds().size())),
        false);
  }
}
