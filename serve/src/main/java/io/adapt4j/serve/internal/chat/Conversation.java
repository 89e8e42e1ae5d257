package io.adapt4j.serve.internal.chat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.vision.PictureModel;
import io.adapt4j.tools.ToolRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** A conversation to be answered. Its pictures stay in memory until it is closed. */
public final class Conversation implements AutoCloseable {

  private final LanguageModel model;
  private final List<ChatMessage> messages;
  private final PictureParts parts;
  private PictureModel.@Nullable Prompt held;
  private boolean closed;

  public Conversation(LanguageModel model, List<ChatMessage> messages, PictureParts parts) {
    this.model = model;
    this.messages = messages;
    this.parts = parts;
  }

  LanguageModel model() {
    return model;
  }

  public List<ChatMessage> messages() {
    return messages;
  }

  /** Downloads the pictures that have URLs. */
  public void download(Call call, AnswerPool answering, boolean streams) throws IOException {
    parts.download(call, answering, streams);
  }

  /** Encodes the conversation once. */
  ModelPrompts.Prepared prompt(ToolRequest request, CancellationToken cancellation) {
    Optional<PictureModel> reader = parts.model();
    if (reader.isEmpty()) {
      return model.prompts().chat(messages, request.chat(), request.options(), cancellation);
    }
    try {
      return hold(
          reader
              .get()
              .prompt(messages, parts.pictures(), request.chat(), request.options(), cancellation));
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      for (PictureModel.Attached picture : parts.pictures()) {
        if (message.startsWith(picture.name() + ":")) {
          throw Fault.invalid(400, picture.name(), "invalid_value", message);
        }
      }
      throw e;
    }
  }

  /** Holds a prompt, unless nobody waits for it any more. */
  private synchronized ModelPrompts.Prepared hold(PictureModel.Prompt prompt) {
    if (closed) {
      prompt.close();
      throw new CancellationException("the request was cancelled");
    }
    held = prompt;
    return prompt.prepared();
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (held != null) {
      held.close();
      held = null;
    }
  }
}
