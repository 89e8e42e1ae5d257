package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A generator with an identity added. */
record NamedGenerator(String name, TextGenerator generator) implements TextGenerator {

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

  @Override
  public boolean retrieves() {
    return generator.retrieves();
  }
}
