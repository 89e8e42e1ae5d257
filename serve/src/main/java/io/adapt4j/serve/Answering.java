package io.adapt4j.serve;

import io.adapt4j.core.generate.Generation;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Has answers computed and writes them as they come. */
final class Answering {

  /** How often something is written where nothing comes, to learn whether the client is there. */
  private static final long HEARTBEAT_MILLIS = 1_000;

  private final AnswerPool pool;
  private final ServerLimits limits;

  Answering(AnswerPool pool, ServerLimits limits) {
    this.pool = pool;
    this.limits = limits;
  }

  /**
   * Answers a request.
   *
   * @param jobs compute the answers: all choices of the first prompt, then of the next
   * @param prompts how many prompts there are
   * @param prompt the parameter that holds the prompt
   */
  void answer(
      Call call,
      List<AnswerPool.Job> jobs,
      int prompts,
      Sampling sampling,
      AnswerFormat format,
      String prompt)
      throws IOException {
    Generation[] answers = new Generation[jobs.size()];
    Reply reply =
        sampling.streams()
            ? new Reply.Events(call, format, jobs.size(), sampling.sendsUsage())
            : new Reply.Whole(call, format);
    try (AnswerPool.Running running = pool.start(jobs)) {
      while (running.isOpen()) {
        AnswerPool.Event event = next(running);
        if (call.age().compareTo(limits.requestTime()) > 0) {
          running.cancel();
        }
        if (event == null) {
          reply.alive();
        } else {
          take(call, event, reply, answers, prompt);
        }
      }
    }
    List<Generation> all = Arrays.asList(answers);
    Usage usage = usage(all, jobs.size() / prompts);
    call.took(usage);
    reply.end(all, usage);
  }

  private static AnswerPool.@Nullable Event next(AnswerPool.Running running) throws IOException {
    try {
      return running.next(HEARTBEAT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the request took too long");
    }
  }

  private void take(
      Call call, AnswerPool.Event event, Reply reply, Generation[] answers, String prompt)
      throws IOException {
    if (event.piece() != null) {
      call.answered(event.choice(), event.piece());
      reply.piece(event.choice(), event.piece());
      return;
    }
    if (pool.isClosing()) {
      throw Fault.closing();
    }
    if (event.failure() != null) {
      throw fault(event.failure(), prompt);
    }
    Generation answer = Objects.requireNonNull(event.answer());
    answers[event.choice()] = answer;
    reply.last(event.choice(), answer);
  }

  /** What fails for an unknown reason is for the log, with where it failed. */
  private static RuntimeException fault(Throwable failure, String prompt) {
    Fault fault = Fault.of(failure, prompt);
    return fault.isInternal() && failure instanceof RuntimeException unknown ? unknown : fault;
  }

  private static Usage usage(List<Generation> answers, int choices) {
    int read = 0;
    int written = 0;
    for (int i = 0; i < answers.size(); i++) {
      read += i % choices == 0 ? answers.get(i).promptTokens() : 0;
      written += answers.get(i).tokenIds().size();
    }
    return new Usage(read, written);
  }
}
