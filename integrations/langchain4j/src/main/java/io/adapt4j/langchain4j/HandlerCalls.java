package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.PartialToolCallContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.adapt4j.core.generate.CancellationToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes an answer to a handler. Exceptions of the handler go to its {@code onError}, and the
 * answer continues; after it is cancelled, nothing is passed on.
 */
final class HandlerCalls implements ReplyListener {

  private static final Logger LOG = LoggerFactory.getLogger(HandlerCalls.class);

  private final StreamingChatResponseHandler handler;
  private final CancellationToken cancellation;
  private final StreamingHandle handle;

  HandlerCalls(StreamingChatResponseHandler handler, CancellationToken cancellation) {
    this.handler = handler;
    this.cancellation = cancellation;
    this.handle =
        new StreamingHandle() {
          @Override
          public void cancel() {
            cancellation.cancel();
          }

          @Override
          public boolean isCancelled() {
            return cancellation.isCancelled();
          }
        };
  }

  @Override
  public void text(String piece) {
    if (!piece.isEmpty()) {
      call(
          () ->
              handler.onPartialResponse(
                  new PartialResponse(piece), new PartialResponseContext(handle)));
    }
  }

  @Override
  public void thinking(String piece) {
    if (!piece.isEmpty()) {
      call(
          () ->
              handler.onPartialThinking(
                  new PartialThinking(piece), new PartialThinkingContext(handle)));
    }
  }

  @Override
  public void partialCall(PartialToolCall call) {
    call(() -> handler.onPartialToolCall(call, new PartialToolCallContext(handle)));
  }

  @Override
  public void completeCall(CompleteToolCall call) {
    call(() -> handler.onCompleteToolCall(call));
  }

  void complete(ChatResponse response) {
    call(() -> handler.onCompleteResponse(response));
  }

  void failed(Throwable failure) {
    if (cancellation.isCancelled()) {
      return;
    }
    try {
      handler.onError(failure);
    } catch (RuntimeException e) {
      LOG.warn("A handler failed when it was told of a failure", e);
    }
  }

  private void call(Runnable call) {
    if (cancellation.isCancelled()) {
      return;
    }
    try {
      call.run();
    } catch (RuntimeException e) {
      failed(e);
    }
  }
}
