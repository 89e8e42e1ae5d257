package io.adapt4j.core.text;

import com.google.common.collect.ListMultimap;
import com.google.common.collect.MultimapBuilder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers from a cache and asks another generator for the rest. Duplicate requests of one batch are
 * asked once. Two threads with the same request at the same moment may both ask.
 */
record CachedGenerator(TextGenerator generator, AnswerCache cache) implements TextGenerator {

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
    return stream(messages, options, piece -> {}, false);
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    return stream(messages, options, onText, true);
  }

  private GeneratedText stream(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      boolean streaming) {
    if (!AnswerCache.canKeep(options)) {
      return asked(messages, options, onText, streaming);
    }
    String key = AnswerCache.key(requiredIdentity(), messages, options);
    Optional<GeneratedText> kept = cache.find(key);
    if (kept.isPresent()) {
      if (!kept.get().text().isEmpty()) {
        onText.accept(kept.get().text());
      }
      return kept.get();
    }
    GeneratedText answer = asked(messages, options, onText, streaming);
    cache.store(key, messages, retrieves(), answer);
    return answer;
  }

  private GeneratedText asked(
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      boolean streaming) {
    return streaming
        ? generator.stream(messages, options, onText)
        : generator.generate(messages, options);
  }

  @Override
  public List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options, Arrivals arrivals) {
    if (!AnswerCache.canKeep(options)) {
      return generator.generateAll(conversations, options, arrivals);
    }
    GeneratedText[] answers = new GeneratedText[conversations.size()];
    ListMultimap<String, Integer> missing =
        MultimapBuilder.linkedHashKeys().arrayListValues().build();
    String identity = requiredIdentity();
    for (int i = 0; i < answers.length; i++) {
      String key = AnswerCache.key(identity, conversations.get(i), options);
      Optional<GeneratedText> kept = missing.containsKey(key) ? Optional.empty() : cache.find(key);
      if (kept.isPresent()) {
        answers[i] = kept.get();
        arrivals.arrived(i, answers[i]);
      } else {
        missing.put(key, i);
      }
    }
    ask(conversations, options, missing, answers, arrivals);
    return Arrays.asList(answers);
  }

  private void ask(
      List<List<ChatMessage>> conversations,
      GenerationOptions options,
      ListMultimap<String, Integer> missing,
      GeneratedText[] answers,
      Arrivals arrivals) {
    if (missing.isEmpty()) {
      return;
    }
    List<String> keys = List.copyOf(missing.keySet());
    List<List<ChatMessage>> asked =
        keys.stream().map(key -> conversations.get(missing.get(key).get(0))).toList();
    generator.generateAll(
        asked,
        options,
        (number, answer) -> {
          String key = keys.get(number);
          cache.store(key, asked.get(number), retrieves(), answer);
          List<Integer> alike = missing.get(key);
          for (int i = 0; i < alike.size(); i++) {
            answers[alike.get(i)] = i == 0 ? answer : answer.fromCache();
            arrivals.arrived(alike.get(i), answers[alike.get(i)]);
          }
        });
  }

  @Override
  public Optional<String> identity() {
    return generator.identity();
  }

  @Override
  public boolean retrieves() {
    return generator.retrieves();
  }

  /** Asked each time: a model's identity changes with its active adapters. */
  private String requiredIdentity() {
    return requireIdentity(generator);
  }

  static String requireIdentity(TextGenerator generator) {
    return generator
        .identity()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a generator whose answers are kept needs an identity, so that they are not"
                        + " taken for those of another; give it one with"
                        + " TextGenerator.named(\"...\", generator)"));
  }
}
