package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs several requests at a time. */
record Parallel(int most) {

  /** Result of a request; neither answer nor failure if it was skipped after another failure. */
  private record Outcome(
      int index, @Nullable GeneratedText answer, @Nullable RuntimeException failure) {}

  /**
   * Runs requests and passes answers to the listener in this thread. A refusal is thrown at the
   * end; a failure stops the rest.
   */
  List<GeneratedText> run(
      List<List<ChatMessage>> conversations,
      Function<List<ChatMessage>, GeneratedText> ask,
      TextGenerator.Arrivals arrivals) {
    if (conversations.isEmpty()) {
      return List.of();
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.min(most, conversations.size()),
            task -> {
              Thread thread = new Thread(task, "text-generator");
              thread.setDaemon(true);
              return thread;
            });
    BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    AtomicBoolean failed = new AtomicBoolean();
    try {
      for (int i = 0; i < conversations.size(); i++) {
        int index = i;
        List<ChatMessage> conversation = conversations.get(i);
        threads.execute(() -> outcomes.add(outcome(index, conversation, ask, failed)));
      }
      return collect(conversations.size(), outcomes, arrivals);
    } finally {
      threads.shutdownNow();
    }
  }

  private static Outcome outcome(
      int index,
      List<ChatMessage> conversation,
      Function<List<ChatMessage>, GeneratedText> ask,
      AtomicBoolean failed) {
    if (failed.get()) {
      return new Outcome(index, null, null);
    }
    try {
      return new Outcome(index, ask.apply(conversation), null);
    } catch (RuntimeException e) {
      if (!(e instanceof RequestRefusedException)) {
        failed.set(true);
      }
      return new Outcome(index, null, e);
    } catch (Error e) {
      // A thread that waits for the outcome must get one.
      failed.set(true);
      return new Outcome(index, null, new GeneratorException(e.toString(), e));
    }
  }

  private static List<GeneratedText> collect(
      int count, BlockingQueue<Outcome> outcomes, TextGenerator.Arrivals arrivals) {
    GeneratedText[] answers = new GeneratedText[count];
    RuntimeException failure = null;
    for (int i = 0; i < count; i++) {
      Outcome outcome = next(outcomes);
      if (outcome.answer() != null) {
        answers[outcome.index()] = outcome.answer();
        arrivals.arrived(outcome.index(), outcome.answer());
      } else if (failure == null || failure instanceof RequestRefusedException) {
        failure = outcome.failure() == null ? failure : outcome.failure();
      }
    }
    if (failure != null) {
      throw failure;
    }
    return Arrays.asList(answers);
  }

  private static Outcome next(BlockingQueue<Outcome> outcomes) {
    try {
      return outcomes.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GeneratorException("waiting for answers was interrupted", e);
    }
  }
}
