package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.internal.generate.RequestScheduler;
import io.adapt4j.core.internal.generate.ServiceRate;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.DaemonThreads;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Computes answers, vectors and scores on its own threads, and writes answers as they arrive. The
 * thread that writes to a client notices while it waits that the client has disconnected, or that
 * the time is up. The pool's threads spend their time waiting for the model. Thread-safe.
 */
public final class AnswerPool implements AutoCloseable {

  /** Computes an answer. */
  public interface Job<T> {
    T run(Consumer<String> onText, CancellationToken cancellation);
  }

  /** Event of an answer: a piece, completion or failure. */
  record Event<T>(
      int choice, @Nullable Piece piece, @Nullable T answer, @Nullable Throwable failure) {

    boolean isEnd() {
      return answer != null || failure != null;
    }
  }

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

  /** A refused client counts as gone after this many times the time that it was told. */
  private static final int LATENESS = 3;

  private final Limits limits;
  private final ClientShares places;
  private final ServiceRate rate = new ServiceRate();
  private final ExecutorService threads;
  private final Set<Running<?>> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  public AnswerPool(Limits limits) {
    this.limits = limits;
    this.places = new ClientShares(limits.answers());
    this.threads = Executors.newCachedThreadPool(DaemonThreads.named("adapt4j-answer-"));
  }

  /** Number of answers that are computed or waiting. */
  public int running() {
    return places.used();
  }

  /** Number of open requests. */
  int open() {
    return all.size();
  }

  /**
   * Prepares an answer: reading schemas, rendering and encoding. Errors of a request surface here,
   * while its status can still report them. The job polls for cancellation.
   */
  public <T> T prepare(Call call, boolean streams, Job<T> job, String prompt) throws IOException {
    try {
      return prepareInTurn(call, streams, job, prompt);
    } finally {
      call.endTurn();
    }
  }

  private <T> T prepareInTurn(Call call, boolean streams, Job<T> job, String prompt)
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
  public <T> T compute(Call call, Job<T> job, String input) throws IOException {
    call.endTurn();
    return await(call, job, input, () -> {});
  }

  private interface Heartbeat {
    void send() throws IOException;
  }

  private <T> T await(Call call, Job<T> job, String prompt, Heartbeat heartbeat)
      throws IOException {
    try (Running<T> running = start(call.asker(), List.of(within(call, job)), false)) {
      Event<T> end = null;
      while (end == null && !closing) {
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
      if (closing) {
        throw Fault.closing();
      }
      Event<T> found = Objects.requireNonNull(end);
      if (found.failure() != null) {
        throw fault(found.failure(), prompt);
      }
      return Objects.requireNonNull(found.answer());
    }
  }

  /** Answers a request for generated texts. */
  public void answer(
      Call call, List<Job<Generation>> jobs, int prompts, Reply<Generation> reply, String prompt)
      throws IOException {
    List<Generation> answers = write(call, jobs, reply, prompt);
    Usage usage = usage(answers, jobs.size() / prompts);
    call.took(usage);
    reply.end(answers, usage);
  }

  /** Computes and writes answers, except for their common end. */
  public <T> List<T> write(Call call, List<Job<T>> jobs, Reply<T> reply, String prompt)
      throws IOException {
    call.endTurn();
    List<@Nullable T> answers = new ArrayList<>();
    jobs.forEach(job -> answers.add(null));
    try (Turns.Answer answering = Turns.OF_PROCESS.answering();
        Running<T> running =
            start(
                call.asker(),
                jobs.stream().map(job -> within(call, job)).toList(),
                reply.isInPieces())) {
      long quiet = 0;
      while (running.isOpen()) {
        Event<T> event = next(running, LOOK_MILLIS);
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

  private static <T> Job<T> within(Call call, Job<T> job) {
    return (onText, cancellation) -> call.work().run(() -> job.run(onText, cancellation));
  }

  private static <T> @Nullable Event<T> next(Running<T> running, long millis) throws IOException {
    try {
      return running.next(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the request took too long");
    }
  }

  private <T> void take(
      Call call, Event<T> event, Reply<T> reply, List<@Nullable T> answers, String prompt)
      throws IOException {
    if (!event.isEnd()) {
      Piece piece = Objects.requireNonNull(event.piece());
      call.answered(event.choice(), piece.text());
      reply.piece(event.choice(), piece);
      return;
    }
    if (closing) {
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
    int cached = 0;
    for (int i = 0; i < answers.size(); i++) {
      read += i % choices == 0 ? answers.get(i).promptTokens() : 0;
      cached += i % choices == 0 ? answers.get(i).cachedTokens() : 0;
      written += answers.get(i).tokenIds().size();
    }
    return new Usage(read, written, cached);
  }

  /** Starts computing. Without pieces there are no events for them, so that they wake nobody. */
  <T> Running<T> start(String client, List<Job<T>> jobs, boolean inPieces) {
    requireFew(jobs.size());
    long now = System.nanoTime();
    if (!places.take(client, jobs.size(), now)) {
      Duration retryAfter = rate.comeBack(0, Duration.ZERO, now);
      places.expect(client, jobs.size(), now + LATENESS * retryAfter.toNanos());
      throw Fault.busy("The server has as many requests as it takes. Ask again later.", retryAfter);
    }
    Running<T> running = new Running<>(client, jobs.size());
    all.add(running);
    if (closing) {
      running.close();
    }
    for (int i = 0; i < jobs.size(); i++) {
      int choice = i;
      execute(running, choice, () -> run(running, choice, jobs.get(choice), inPieces));
    }
    return running;
  }

  /** Refuses a request for more answers than may be computed at the same time. */
  public void requireFew(int answers) {
    if (answers > limits.answers()) {
      throw Fault.invalid(
          400,
          "n",
          "invalid_value",
          "The request asks for %d answers, but this server computes at most %d at the same time."
              .formatted(answers, limits.answers()));
    }
  }

  /** Fails a job for which there is no thread, as if it had started. */
  private <T> void execute(Running<T> running, int choice, Runnable job) {
    try {
      threads.execute(job);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      places.release(running.client);
      running.events.add(new Event<>(choice, null, null, e));
    }
  }

  private <T> void run(Running<T> running, int choice, Job<T> job, boolean inPieces) {
    Event<T> end;
    rate.started(job, System.nanoTime());
    try {
      PieceListener pieces =
          new PieceListener(piece -> running.events.add(new Event<>(choice, piece, null, null)));
      T answer = job.run(inPieces ? pieces : RequestScheduler.SILENT, running.cancellation);
      end = new Event<>(choice, new Piece("", pieces.rest()), answer, null);
    } catch (RuntimeException | Error e) {
      end = new Event<>(choice, null, null, e);
    } finally {
      rate.ended(job, System.nanoTime());
      places.release(running.client);
    }
    running.events.add(end);
  }

  /** Cancels all answers as soon as possible, including future ones. */
  public void cancelAll() {
    closing = true;
    all.forEach(running -> running.cancellation.cancel());
  }

  boolean isClosing() {
    return closing;
  }

  @Override
  public void close() {
    cancelAll();
    threads.shutdown();
  }

  /** The answers of a request. Closing cancels those that are not complete. */
  final class Running<T> implements AutoCloseable {

    private final CancellationToken cancellation = new CancellationToken();
    private final LinkedBlockingQueue<Event<T>> events = new LinkedBlockingQueue<>();
    private final String client;
    private int open;

    private Running(String client, int answers) {
      this.client = client;
      this.open = answers;
    }

    /** Returns whether an answer is still missing. */
    boolean isOpen() {
      return open > 0;
    }

    /** Cancels the answers, which keep their text so far. */
    void cancel() {
      cancellation.cancel();
    }

    /** Waits for the next event; null if there was none. */
    @Nullable Event<T> next(long millis) throws InterruptedException {
      Event<T> event = events.poll(millis, TimeUnit.MILLISECONDS);
      if (event != null && event.isEnd()) {
        open--;
      }
      return event;
    }

    @Override
    public void close() {
      cancellation.cancel();
      all.remove(this);
    }
  }
}
