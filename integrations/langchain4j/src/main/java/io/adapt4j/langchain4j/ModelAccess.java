package io.adapt4j.langchain4j;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.function.Consumer;

/** Generates the text of an answer, as {@code LanguageModel.chat} does. */
@FunctionalInterface
interface ModelAccess {

  /** Generates an answer. */
  Generation chat(
      List<ChatMessage> messages,
      ChatOptions chat,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation);
}
