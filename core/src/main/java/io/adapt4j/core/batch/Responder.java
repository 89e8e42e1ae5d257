package io.adapt4j.core.batch;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import java.util.List;
import java.util.Optional;

/** Whoever answers the rows of a batch. */
interface Responder {

  /** What distinguishes it from others. */
  Optional<String> identity();

  /** Whether prompts are asked as messages unless the batch says otherwise. */
  boolean chats();

  GeneratedText complete(String prompt, GenerationOptions options, CancellationToken cancellation);

  GeneratedText chat(
      List<ChatMessage> messages, GenerationOptions options, CancellationToken cancellation);
}
