package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.Generation;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Turns;
import io.adapt4j.serve.internal.http.Usage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Runs the computation of answers, vectors and scores, and writes answers as they arrive. */
public final class Answering {

  /** Maximum preparation time before something is written, which fixes the status. */
  private static final Duration SILENCE = Duration.ofSeconds(3);

  /** Interval between checks of the time and of the client. */
  private static final long LOOK_MILLIS = 100;

  /** Silence after which something is written, which sends the status. */
  private static final long QUIET_MILLIS = 1_000;

  /**
   * Interval of heartbeats after that, to detect a disconnected client: of two writes to one, the
   * second fails.
   */
  private static final long HEARTBEAT_MILLIS = 400;

  private final AnswerPool pool;
  private final Limits limits;

  public Answering(AnswerPool pool, Limits limits) {
    this.pool = pool;
    this.limits = limits;
  }

  /**
   * Prepares an answer: reading schemas, rendering and encoding. Errors of a request surface here,
   * while its status can still report them. The job polls for cancellation.
   */
  public <T> T prepare(Call call, boolean streams, AnswerPool.Job<T> job, String prompt)
      throws IOException {
    try {
      return prepareInTurn(call, streams, job, prompt);
    } finally {
      call.endTurn();
    }
  }

  private <T> T prepareInTurn(Call call, boolean streams, AnswerPool.Job<T> job, String prompt)
      throws IOException {
    Duration before = call.age();
    Duration[] silence = {SILENCE};
    return await(
        call,
        job,
        prompt,
        () -> {
          Duration age = call.age().minus(before);
          if (age.compareTo(silence[0]) > 0) {
            silence[0] = age.plusMillis(HEARTBEAT_MILLIS);
            Reply.alive(call, streams);
          }
        });
  }

  /**
   * Computes vectors or scores within the request time. A late request is refused while its
   * computation may continue; it counts until then. The job polls for cancellation before it
   * begins.
   */
  public <T> T compute(Call call, AnswerPool.Job<T> job, String input) throws IOException {
    call.endTurn();
    return await(call, job, input, () -> {});
  }

  private interface Heartbeat {
    void send() throws IOException;
  }

  private <T> T await(Call call, AnswerPool.Job<T> job, String prompt, Heartbeat heartbeat)
      throws IOException {
    try (AnswerPool.Running<T> running = pool.start(List.of(job), false)) {
      AnswerPool.Event<T> end = null;
      while (end == null && !pool.isClosing()) {
        long left = limits.requestTime().minus(call.age()).toMillis();
        if (left < 0) {
          throw Fault.late(limits.requestTime());
        }
        end = next(running, Math.min(LOOK_MILLIS, left));
        if (end == null) {
          call.requireClient();
          heartbeat.send();
        }
      }
      if (pool.isClosing()) {
        throw Fault.closing();
      }
      AnswerPool.Event<T> found = Objects.requireNonNull(end);
      if (found.failure() != null) {
        throw fault(found.failure(), prompt);
      }
      return Objects.requireNonNull(found.answer());
    }
  }

  /** Refuses a request for more answers than the server computes at the same time. */
  public void requireFew(int answers) {
    pool.requireFew(answers);
  }

  /** Answers a request for generated texts. */
  public void answer(
      Call call,
      List<AnswerPool.Job<Generation>> jobs,
      int prompts,
      Reply<Generation> reply,
      String prompt)
      throws IOException {
    List<Generation> all = write(call, jobs, reply, prompt);
    Usage usage = usage(all, jobs.size() / prompts);
    call.took(usage);
    reply.end(all, usage);
  }

  /** Computes and writes answers, except for their common end. */
  public <T> List<T> write(Call call, List<AnswerPool.Job<T>> jobs, Reply<T> reply, String prompt)
      throws IOException {
    call.endTurn();
    List<@Nullable T> answers = new ArrayList<>();
    jobs.forEach(job -> answers.add(null));
    try (Turns.Answer answering = Turns.OF_PROCESS.answering();
        AnswerPool.Running<T> running = pool.start(jobs, reply.isInPieces())) {
      long quiet = 0;
      while (running.isOpen()) {
        AnswerPool.Event<T> event = next(running, LOOK_MILLIS);
        if (call.age().compareTo(limits.requestTime()) > 0) {
          running.cancel();
        }
        if (event == null) {
          call.requireClient();
          quiet += LOOK_MILLIS;
          if (quiet >= (call.isCommitted() ? HEARTBEAT_MILLIS : QUIET_MILLIS)) {
            quiet = 0;
            reply.alive();
          }
        } else {
          quiet = 0;
          take(call, event, reply, answers, prompt);
        }
      }
    }
    return answers.stream().<T>map(Objects::requireNonNull).toList();
  }

  private static <T> AnswerPool.@Nullable Event<T> next(AnswerPool.Running<T> running, long millis)
      throws IOException {
    try {
      return running.next(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the request took too long");
    }
  }

  private <T> void take(
      Call call,
      AnswerPool.Event<T> event,
      Reply<T> reply,
      List<@Nullable T> answers,
      String prompt)
      throws IOException {
    if (!event.isEnd()) {
      Piece piece = Objects.requireNonNull(event.piece());
      call.answered(event.choice(), piece.text());
      reply.piece(event.choice(), piece);
      return;
    }
    if (pool.isClosing()) {
      throw Fault.closing();
    }
    if (event.failure() != null) {
      throw fault(event.failure(), prompt);
    }
    T answer = Objects.requireNonNull(event.answer());
    answers.set(event.choice(), answer);
    reply.last(event.choice(), answer, Objects.requireNonNull(event.piece()).tokens());
  }

  /** Logs unknown failures with their stack trace. */
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
