package io.adapt4j.core.batch;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;
import java.util.Optional;

/** Responder that uses any text generator. */
record GeneratorResponder(TextGenerator generator) implements Responder {

  GeneratorResponder {
    if (generator.identity().isEmpty()) {
      throw new IllegalArgumentException(
          "generator: expected one with an identity, found none; give it one with"
              + " TextGenerator.named");
    }
  }

  @Override
  public Optional<String> identity() {
    return generator.identity();
  }

  @Override
  public boolean chats() {
    return true;
  }

  @Override
  public GeneratedText complete(
      String prompt, GenerationOptions options, CancellationToken cancellation) {
    return chat(List.of(ChatMessage.user(prompt)), options, cancellation);
  }

  @Override
  public GeneratedText chat(
      List<ChatMessage> messages, GenerationOptions options, CancellationToken cancellation) {
    return generator.stream(messages, options, piece -> {}, cancellation);
  }
}
