package io.adapt4j.core.internal.generate;

import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.MachineMemory;
import io.adapt4j.core.internal.Threads;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers the requests of many threads with one model. A thread that finds the model idle computes
 * its answer itself; when more requests come, the scheduler's thread takes over and runs all of
 * them as one {@link RequestBatch}. That thread ends after a few idle seconds. Requests start in
 * {@link StartOrder}.
 *
 * <p>The model's lock is held for one step at a time, so that other uses of the model can run in
 * between. Thread safe.
 */
public final class RequestScheduler implements AdapterSet.Listener, AutoCloseable {

  /** A listener that ignores the text; callers may skip it to save work. */
  public static final Consumer<String> SILENT = piece -> {};

  /** Default maximum number of concurrent requests. */
  public static final int DEFAULT_RUNNING = RequestBatch.MOST;

  /** Default maximum number of waiting requests. */
  public static final int DEFAULT_WAITING = 1024;

  /** The default limit for keys and values is the machine's memory divided by this. */
  private static final int MEMORY_SHARE = 4;

  /** One of this many rows of the batch is reserved for requests outside of groups. */
  private static final int SPARED = 8;

  /** Time that the thread waits for the next request before it ends. */
  private static final long IDLE_MILLIS = 5_000;

  private final ReentrantLock lock;
  private final Generator generator;
  private final PromptCache prompts;
  private final AdapterSet adapters;
  private final RequestBatch batch;

  /** Answers requests of the thread that holds the lock; empty otherwise. */
  private final RequestBatch between;

  /** Cache for prompts of which nothing is kept. */
  private final PromptCache forgotten;

  /** Whether the scheduler's thread runs the steps; guarded by the lock. */
  private boolean led;

  /** Reads texts for larger models; guarded by the lock. */
  private final List<DraftModel> lent = new ArrayList<>();

  private final ServiceRate rate = new ServiceRate();

  private final Object monitor = new Object();

  /** Guarded by the monitor, like the limits and the thread. */
  private final RequestQueue waiting = new RequestQueue();

  private int mostRunning = DEFAULT_RUNNING;
  private int mostWaiting = DEFAULT_WAITING;
  private long mostBytes = MachineMemory.available() / MEMORY_SHARE;
  private boolean closed;

  /** Whether a thread has handed its request over to the scheduler's thread. */
  private boolean handed;

  private @Nullable Thread worker;

  /** Creates a scheduler for a model without adapters; its thread starts when needed. */
  public RequestScheduler(ReentrantLock lock, Generator generator, PromptCache prompts) {
    this(lock, generator, prompts, generator.noAdapters());
  }

  /** Creates a scheduler; its thread starts when needed. */
  public RequestScheduler(
      ReentrantLock lock, Generator generator, PromptCache prompts, AdapterSet adapters) {
    this.lock = lock;
    this.generator = generator;
    this.prompts = prompts;
    this.adapters = adapters;
    this.batch = generator.newBatch(adapters);
    this.between = generator.newBatch(adapters);
    this.forgotten = generator.newPromptCache();
    adapters.listener(this);
  }

  /** Sets the limits on running requests, waiting requests and bytes of keys and values. */
  public void limit(int running, int waiting, long bytes) {
    require("running", running, 1, DEFAULT_RUNNING);
    require("waiting", waiting, 0, Integer.MAX_VALUE);
    require("bytes", bytes, 0, Long.MAX_VALUE);
    synchronized (monitor) {
      mostRunning = running;
      mostWaiting = waiting;
      mostBytes = bytes;
    }
  }

  /**
   * Limits the time between two tokens of an answer beside prompts, after running requests; zero
   * for no limit. The lock is held.
   */
  public void limitPause(Duration pause) {
    beforeChange();
    batch.limitPause(pause);
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": expected " + least + " to " + most + ", found " + value);
    }
  }

  /**
   * Answers a request.
   *
   * @param onText receives the text in pieces, on this thread
   */
  public Generation generate(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    generator.requireUsable(prompt, options);
    return answer(new Request(prompt, options, onText, cancellation));
  }

  /** Answers a request with one adapter, which stays attached until the request ends. */
  public Generation generate(
      String adapter,
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    generator.requireUsable(prompt, options);
    Request request = new Request(prompt, options, onText, cancellation, adapters.lease(adapter));
    try {
      return answer(request);
    } finally {
      request.letGo();
    }
  }

  /**
   * Answers several prompts, which join the running batch one after the other. Nothing is kept of
   * them, and a shared prefix is processed once.
   *
   * @param adapter name of the only adapter to use; null for the active ones
   */
  public List<Generation> generateAll(
      @Nullable String adapter, List<int[]> prompts, GenerationOptions options) {
    generator.requireAllUsable(prompts, options);
    List<Request> group =
        Request.group(
            prompts,
            options,
            SILENT,
            new CancellationToken(),
            () -> adapter == null ? null : adapters.lease(adapter));
    try {
      if (lock.isHeldByCurrentThread()) {
        return generator.answer(group, between, forgotten);
      }
      synchronized (monitor) {
        requireOpen();
        group.stream().findFirst().ifPresent(this::addWaiting);
      }
      return Request.awaitAll(group);
    } finally {
      group.forEach(Request::letGo);
    }
  }

  private Generation answer(Request request) {
    if (lock.isHeldByCurrentThread()) {
      return generator.answer(List.of(request), between, prompts).get(0);
    }
    if (startedHere(request)) {
      return request.await(() -> steppedHere(request));
    }
    enqueue(request);
    return request.await();
  }

  /** Starts a request on this thread if the model is idle. */
  private boolean startedHere(Request request) {
    synchronized (monitor) {
      if (!waiting.isEmpty() || !lock.tryLock()) {
        return false;
      }
    }
    try {
      if (!batch.isEmpty()) {
        return false;
      }
      start(request);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Runs a step on the thread that started the request, unless other requests have come. */
  private boolean steppedHere(Request request) {
    lock.lock();
    try {
      if (led || handedOver()) {
        return false;
      }
      if (!request.isOver()) {
        step();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void step() {
    batch.step();
    rate.endOver(System.nanoTime());
    adapters.dropUnneeded();
  }

  /**
   * Hands the running request over to the scheduler's thread if others wait, even if those will be
   * refused.
   */
  private boolean handedOver() {
    synchronized (monitor) {
      if (waiting.isEmpty()) {
        return false;
      }
      handed = true;
      return true;
    }
  }

  private void enqueue(Request request) {
    synchronized (monitor) {
      requireOpen();
      if (waiting.calls() >= mostWaiting) {
        throw new TooManyRequestsException(
            "model: "
                + waiting.calls()
                + " requests wait already. Ask again later, or allow more with limitRequests.",
            comeBack(Duration.ZERO));
      }
      requireStartInTime(request);
      addWaiting(request);
    }
  }

  private void requireStartInTime(Request request) {
    Duration most = request.options().scheduling().startWithin().orElse(null);
    if (most == null) {
      return;
    }
    Duration until = rate.untilStart(waiting.ahead(request), mostRunning);
    if (until.compareTo(most) > 0) {
      throw new TooManyRequestsException(
          "startWithin: the request would start in about %d ms, which is more than %d. Ask again later."
              .formatted(until.toMillis(), most.toMillis()),
          comeBack(until.minus(most)));
    }
  }

  private Duration comeBack(Duration least) {
    return rate.comeBack(waiting.calls(), least, System.nanoTime());
  }

  private TooManyRequestsException tooLate() {
    return new TooManyRequestsException(
        "startWithin: the request has not started in its time. Ask again later.",
        comeBack(Duration.ZERO));
  }

  private void requireOpen() {
    if (closed) {
      throw closedException();
    }
  }

  private void addWaiting(Request request) {
    if (worker == null) {
      worker = Threads.startDaemon(this::work, "adapt4j-requests");
    }
    waiting.add(request);
    monitor.notifyAll();
  }

  private void work() {
    boolean idle = true;
    try {
      while (!idle || someCome()) {
        lock.lock();
        try {
          admit(false);
          step();
          idle = batch.isEmpty();
          led = !idle;
        } finally {
          lock.unlock();
        }
      }
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** Waits for requests. If none come, this thread stops being the scheduler's. */
  private boolean someCome() {
    long end = System.nanoTime() + IDLE_MILLIS * 1_000_000;
    synchronized (monitor) {
      while (waiting.isEmpty() && !handed) {
        long millis = (end - System.nanoTime()) / 1_000_000;
        if (closed || millis <= 0) {
          worker = null;
          return false;
        }
        try {
          monitor.wait(millis);
        } catch (InterruptedException e) {
          // No other code can reach this thread.
        }
      }
      handed = false;
      return true;
    }
  }

  /** Starts waiting requests as far as there is room. */
  private void admit(boolean onlyBegun) {
    synchronized (monitor) {
      waiting
          .remove(Request::isCancelled)
          .forEach(request -> request.answer(generator.cancelled(request)));
      long now = System.nanoTime();
      waiting.remove(request -> request.isLate(now)).forEach(request -> request.refuse(tooLate()));
      while (batch.running().size() < mostRunning) {
        Optional<Request> next = waiting.first(startable(onlyBegun));
        if (next.isEmpty() || !hasMemoryFor(next.get())) {
          return;
        }
        start(next.get());
        waiting.started(next.get());
      }
    }
  }

  private Predicate<Request> startable(boolean onlyBegun) {
    long ofGroups = batch.running().stream().filter(RunningRequest::isOfGroup).count();
    boolean takesGroups = ofGroups < mostRunning - mostRunning / SPARED;
    return request ->
        (takesGroups || !request.isOfGroup()) && (!onlyBegun || request.isOfBegunGroup());
  }

  private boolean hasMemoryFor(Request request) {
    return batch.isEmpty()
        || batch.bytes() + generator.bytes(request, promptsOf(request)) <= mostBytes;
  }

  /** Returns the prompt cache of a request; nothing is kept of the prompts of a group. */
  private PromptCache promptsOf(Request request) {
    return request.isOfGroup() ? forgotten : prompts;
  }

  private void start(Request request) {
    try {
      if (request.adapter() != null) {
        adapters.requireUnmerged();
      }
      batch.add(request, promptsOf(request));
      rate.started(request, System.nanoTime());
    } catch (RuntimeException | Error e) {
      request.refuse(e);
    }
  }

  private void abandon(Throwable reason) {
    lock.lock();
    try {
      led = false;
      batch.fail(reason);
      rate.endOver(System.nanoTime());
    } finally {
      lock.unlock();
    }
    synchronized (monitor) {
      worker = null;
      waiting.remove(request -> true).forEach(request -> request.refuse(reason));
    }
  }

  /**
   * Answers running requests, and all of any group that has started, before weights change. The
   * lock is held.
   */
  @Override
  public void beforeChange() {
    do {
      batch.finish();
      rate.endOver(System.nanoTime());
      admit(true);
    } while (!batch.isEmpty());
    rearranged();
    prompts.clear();
  }

  /** Returns whether requests are being answered. The lock is held. */
  boolean isAnswering() {
    return !batch.isEmpty();
  }

  @Override
  public void rearranged() {
    batch.release();
    between.release();
    lent.forEach(DraftModel::release);
  }

  /** Lets this model draft for another one. The lock is held. */
  public void lend(DraftModel draft) {
    lent.add(draft);
  }

  /** Returns whether this model drafts for others. The lock is held. */
  public boolean isLent() {
    return !lent.isEmpty();
  }

  @Override
  public void dropped(AttachedAdapter adapter) {
    prompts.drop(adapter);
  }

  /** Refuses new and waiting requests; running ones continue. */
  public void refuse() {
    synchronized (monitor) {
      closed = true;
      waiting
          .remove(request -> !request.isOfBegunGroup())
          .forEach(request -> request.refuse(closedException()));
      monitor.notifyAll();
    }
  }

  private static IllegalStateException closedException() {
    return new IllegalStateException("This LanguageModel has been closed");
  }

  /** Frees memory. The lock is held and no request is running. */
  @Override
  public void close() {
    lent.forEach(DraftModel::close);
    batch.close();
    between.close();
    prompts.close();
    forgotten.close();
  }
}
