package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Cancels a stream between two pieces. */
final class CancellableStream {

  private CancellableStream() {}

  static GeneratedText run(
      TextGenerator generator,
      List<ChatMessage> messages,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    StringBuilder soFar = new StringBuilder();
    Cancelled cancelled = new Cancelled();
    try {
      requireWanted(cancellation, cancelled);
      return generator.stream(
          messages,
          options,
          piece -> {
            requireWanted(cancellation, cancelled);
            soFar.append(piece);
            onText.accept(piece);
            requireWanted(cancellation, cancelled);
          });
    } catch (RuntimeException e) {
      if (!causes(e, cancelled)) {
        throw e;
      }
      return new GeneratedText(soFar.toString(), FinishReason.CANCELLED, Optional.empty(), false);
    }
  }

  private static void requireWanted(CancellationToken cancellation, Cancelled cancelled) {
    if (cancellation.isCancelled()) {
      throw cancelled;
    }
  }

  /** A generator may wrap the exceptions of its listener. */
  private static boolean causes(Throwable failure, Cancelled cancelled) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause == cancelled) {
        return true;
      }
    }
    return false;
  }

  private static final class Cancelled extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("The answer has been cancelled", null, false, false);
    }
  }
}
