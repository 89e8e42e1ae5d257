package io.adapt4j.core.batch;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;

/** Responder that uses a language model in this process. */
record ModelResponder(LanguageModel model) implements Responder {

  @Override
  public Optional<String> identity() {
    return model.asGenerator().identity();
  }

  @Override
  public boolean chats() {
    return model.isChatTuned();
  }

  @Override
  public GeneratedText complete(
      String prompt, GenerationOptions options, CancellationToken cancellation) {
    return text(model.generate(prompt, options, piece -> {}, cancellation));
  }

  @Override
  public GeneratedText chat(
      List<ChatMessage> messages, GenerationOptions options, CancellationToken cancellation) {
    return text(model.chat(messages, ChatOptions.defaults(), options, piece -> {}, cancellation));
  }

  private static GeneratedText text(Generation generation) {
    return new GeneratedText(
        generation.text(),
        generation.finishReason(),
        Optional.of(new TokenUsage(generation.promptTokens(), generation.tokenIds().size())),
        /* cached= */ false);
  }
}
