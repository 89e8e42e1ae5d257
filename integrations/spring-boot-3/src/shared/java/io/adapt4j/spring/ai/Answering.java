package io.adapt4j.spring.ai;

import io.adapt4j.core.generate.CancellationToken;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Sends requests and updates the meters. */
record Answering(Replier replier, ChatMeters meters) {

  Reply reply(Question question, Consumer<String> onText, CancellationToken cancellation) {
    long start = System.nanoTime();
    AtomicBoolean began = new AtomicBoolean();
    String outcome = "error";
    try {
      Reply reply =
          replier.reply(
              question,
              piece -> {
                if (!began.getAndSet(true)) {
                  meters.began(since(start));
                }
                onText.accept(piece);
              },
              cancellation);
      outcome = reply.finishReason().toLowerCase(Locale.ROOT);
      reply.usage().ifPresent(usage -> meters.tokens(usage.promptTokens(), usage.newTokens()));
      return reply;
    } finally {
      meters.answered(since(start), outcome);
    }
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
