package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.cache.KvBlock;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests that arrive and finish at any time, advancing all of them one step at a time
 * (continuous batching, Yu et al. 2022). Long prompts are processed in chunks so that the other
 * requests keep generating (Agrawal et al. 2023).
 *
 * <p>The result of a request does not depend on the others: neither the other rows of a step of
 * {@link DecoderSteps} nor the division of its tokens among steps changes a bit of it. When running
 * operator by operator, the chunks depend on the request alone, except for prefixes shared with
 * other requests, which one of them processes for all. Not thread safe.
 */
final class RequestBatch implements AutoCloseable {

  /** Maximum number of concurrent requests, and of outputs per step. */
  static final int MOST = 32;

  /**
   * Tokens of a long prompt processed in one pass, operator by operator: no slower than most steps.
   */
  static final int CHUNK = 256;

  /** Maximum number of tokens in a step that includes prompts. */
  static final int STEP = 128;

  private final Decoder decoder;
  private final AdapterSet adapters;
  private final int vocabulary;
  private final boolean alone;
  private final Ops ops = Ops.inference();
  private final @Nullable RunningRequest[] rows = new @Nullable RunningRequest[MOST];

  /** Running requests, in order of arrival. */
  private final List<RunningRequest> arrived = new ArrayList<>();

  /** Reused buffer for the logits of one output: an array for each would fill the Java heap. */
  private float[] logits = {};

  private final PreparedSteps steps;

  /** Row at which the round starts, so that every request gets its turn. */
  private int turn;

  private int passes;

  RequestBatch(Decoder decoder, AdapterSet adapters) {
    this.decoder = decoder;
    this.adapters = adapters;
    this.steps = new PreparedSteps(decoder, adapters, MOST, STEP);
    this.vocabulary = Math.toIntExact(decoder.head().weight().sizes()[0]);
    this.alone = decoder.rotationChanges(1, Integer.MAX_VALUE);
  }

  /** Returns the running requests, starting at the current turn. */
  List<RunningRequest> running() {
    List<RunningRequest> running = new ArrayList<>();
    for (int i = 0; i < MOST; i++) {
      RunningRequest request = rows[(turn + i) % MOST];
      if (request != null) {
        running.add(request);
      }
    }
    return running;
  }

  /** Returns whether there are step kernels for an adapter; null for the active adapters. */
  boolean hasSteps(@Nullable AttachedAdapter adapter) {
    return steps.programFor(adapter).isPresent();
  }

  boolean isEmpty() {
    return Arrays.stream(rows).allMatch(row -> row == null);
  }

  boolean isFull() {
    return Arrays.stream(rows).noneMatch(row -> row == null);
  }

  /** Returns the number of forward passes so far. */
  int passes() {
    return passes;
  }

  /** Adds a request; there must be a free row. */
  void add(RunningRequest request) {
    int row = 0;
    while (rows[row] != null) {
      row++;
    }
    rows[row] = request;
    arrived.add(request);
    steps.place(row, request.cache());
  }

  /** Advances every request and removes finished ones; if the step fails, all requests fail. */
  void step() {
    try {
      stepAll();
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void stepAll() {
    running().forEach(RunningRequest::finishIfCancelled);
    readChunk();
    if (alone) {
      running().forEach(request -> readTogether(List.of(request)));
    } else {
      readTogether(running());
    }
    turn = (turn + 1) % MOST;
    removeFinished();
  }

  /** Runs until all requests are answered. */
  void finish() {
    while (!isEmpty()) {
      step();
    }
  }

  /** Releases the prepared kernels, since the weights are about to change. */
  void release() {
    steps.release();
  }

  /** Processes a chunk of one long prompt that step kernels do not handle. */
  private void readChunk() {
    for (RunningRequest request : running()) {
      if (isNext(request) && !isReadInSteps(request)) {
        int most = isReadWhole(request) ? request.unread() : CHUNK;
        guarded(List.of(request), () -> readByOperators(request, request.next(most)));
        return;
      }
    }
  }

  /**
   * Returns whether a request can advance. Of the requests waiting for the same shared tokens, one
   * processes them.
   */
  private boolean isNext(RunningRequest request) {
    return !request.isOver() && readerFor(request) == request;
  }

  /**
   * Returns the request that processes the shared tokens another one waits for: the shortest, so
   * that none waits for a longer one.
   */
  private RunningRequest readerFor(RunningRequest request) {
    Optional<KvBlock> unfilled = request.cache().unfilled();
    if (unfilled.isEmpty()) {
      return request;
    }
    return arrived.stream()
        .filter(reader -> !reader.isOver() && reader.cache().unfilled().equals(unfilled))
        .min(Comparator.comparingInt(RunningRequest::unread))
        .orElse(request);
  }

  private boolean isReadInSteps(RunningRequest request) {
    int unread = request.unread();
    return !isReadWhole(request) && (unread <= MOST || hasStepsForPrompt(request, unread > CHUNK));
  }

  private boolean hasStepsForPrompt(RunningRequest request, boolean isLong) {
    return steps
        .programFor(request.adapter())
        .map(PreparedSteps.Program::steps)
        .filter(program -> isLong ? program.readsLongPrompts() : program.readsPrompts())
        .isPresent();
  }

  /**
   * Returns whether the tokens must be processed in one pass because their rotation depends on the
   * length of the whole text.
   */
  private boolean isReadWhole(RunningRequest request) {
    int unread = request.unread();
    return unread > 1 && decoder.rotationChanges(request.held() + 1, request.held() + unread);
  }

  private void readTogether(List<RunningRequest> requests) {
    Map<PreparedSteps.Program, List<RunningRequest>> joined = new LinkedHashMap<>();
    for (RunningRequest request : requests) {
      if (isNext(request) && isReadInSteps(request)) {
        Optional<PreparedSteps.Program> program = steps.programFor(request.adapter());
        if (program.isPresent()) {
          joined.computeIfAbsent(program.get(), key -> new ArrayList<>()).add(request);
        } else {
          guarded(List.of(request), () -> readByOperators(request, request.next(MOST)));
        }
      }
    }
    joined.forEach(this::readTogether);
  }

  private void readTogether(PreparedSteps.Program program, List<RunningRequest> requests) {
    List<RunningRequest> prompts =
        requests.stream().filter(request -> request.unread() > 1).toList();
    int room = program.steps().readsPrompts() ? STEP : MOST;
    // Each request has at least one output, and a prompt exactly one; guesses share the rest.
    int need = requests.size() - prompts.size();
    int outputs = MOST - prompts.size();
    Map<RunningRequest, int[]> ids = new LinkedHashMap<>();
    for (RunningRequest request : requests) {
      if (!prompts.contains(request)) {
        need--;
        int[] own = request.next(outputs - need);
        outputs -= own.length;
        room -= own.length;
        ids.put(request, own);
      }
    }
    shares(prompts, room).forEach((request, share) -> ids.put(request, request.next(share)));
    guarded(
        List.copyOf(ids.keySet()), () -> with(program.alone(), () -> readBySteps(program, ids)));
  }

  /**
   * Divides a step among prompts. The oldest gets half of it, so that it makes progress; the others
   * are served shortest first, so that they do not wait for a long one.
   */
  private Map<RunningRequest, Integer> shares(List<RunningRequest> prompts, int room) {
    Map<RunningRequest, Integer> shares = new LinkedHashMap<>();
    if (prompts.isEmpty()) {
      return shares;
    }
    RunningRequest first =
        arrived.stream().map(this::readerFor).filter(prompts::contains).findFirst().orElseThrow();
    List<RunningRequest> others =
        prompts.stream()
            .filter(request -> request != first)
            .sorted(Comparator.comparingInt(RunningRequest::unread))
            .toList();
    int left = room - Math.min(first.unread(), (room + 1) / 2);
    for (RunningRequest request : others) {
      int share = Math.min(request.unread(), left);
      if (share > 0) {
        shares.put(request, share);
        left -= share;
      }
    }
    shares.put(first, Math.min(first.unread(), left + Math.min(first.unread(), (room + 1) / 2)));
    return shares;
  }

  /** Runs an action with one adapter alone or, if null, with the active ones. */
  private void with(@Nullable AttachedAdapter adapter, Runnable action) {
    if (adapter == null) {
      action.run();
    } else {
      adapters.with(adapter, action);
    }
  }

  private void readBySteps(PreparedSteps.Program program, Map<RunningRequest, int[]> ids) {
    DecoderSteps kernels = program.steps();
    steps.placeChanged();
    List<RunningRequest> requests = List.copyOf(ids.keySet());
    List<DecoderSteps.Token> tokens = new ArrayList<>();
    int[] firstOutputs = new int[ids.size() + 1];
    for (int i = 0; i < requests.size(); i++) {
      RunningRequest request = requests.get(i);
      int[] own = ids.get(request);
      int row = Arrays.asList(rows).indexOf(request);
      int adapter = program.number(request.adapter());
      int wanted = request.outputs(own.length);
      firstOutputs[i + 1] = firstOutputs[i] + wanted;
      for (int t = 0; t < own.length; t++) {
        boolean isOutput = t >= own.length - wanted;
        tokens.add(new DecoderSteps.Token(own[t], row, request.held() + t, 0, isOutput, adapter));
      }
    }
    int[] likeliest = kernels.run(tokens);
    passes++;
    // Advance all before answering any: a listener may ask for what other requests can share.
    requests.forEach(request -> request.cache().advance(ids.get(request).length));
    for (int i = 0; i < requests.size(); i++) {
      RunningRequest request = requests.get(i);
      int outputs = firstOutputs[i + 1] - firstOutputs[i];
      if (outputs > 0) {
        StepScores scores = new StepScores(kernels, likeliest, firstOutputs[i]);
        guarded(List.of(request), () -> request.accept(outputs, scores));
      }
    }
  }

  /** Scores of one request in a step run by kernels. */
  private final class StepScores implements RunningRequest.Scores {
    private final DecoderSteps kernels;
    private final int[] likeliest;
    private final int first;

    StepScores(DecoderSteps kernels, int[] likeliest, int first) {
      this.kernels = kernels;
      this.likeliest = likeliest;
      this.first = first;
    }

    @Override
    public int likeliest(int output) {
      return likeliest[first + output];
    }

    @Override
    public float[] logits(int output) {
      float[] values = scratch();
      kernels.logits(first + output, values, 0);
      return values;
    }
  }

  /** Runs the network operator by operator for one request. */
  private void readByOperators(RunningRequest request, int[] ids) {
    with(request.adapter(), () -> forward(request, ids));
  }

  private void forward(RunningRequest request, int[] ids) {
    int count = ids.length;
    int outputs = request.outputs(count);
    long[] input = Arrays.stream(ids).asLongStream().toArray();
    long[] mask = new long[request.held() + count];
    Arrays.fill(mask, 1);
    passes++;
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, count, request.cache())) {
      Tensor hidden = decoder.hidden(ops, Tensor.of(input, 1, count), positions, false);
      if (outputs > 0) {
        request.accept(outputs, scores(hidden, count, outputs));
      }
    }
  }

  private PassScores scores(Tensor hidden, int count, int outputs) {
    Tensor last = outputs == count ? hidden : hidden.narrow(1, (long) count - outputs, outputs);
    return new PassScores(decoder.logits(last));
  }

  /** Scores of one request in a pass run operator by operator. */
  private final class PassScores implements RunningRequest.Scores {
    private final Tensor scores;
    private final long[] likeliest;
    private float[] all = {};

    PassScores(Tensor scores) {
      this.scores = scores;
      this.likeliest = Logits.likeliest(scores);
    }

    @Override
    public int likeliest(int output) {
      return Math.toIntExact(likeliest[output]);
    }

    @Override
    public float[] logits(int output) {
      if (all.length == 0) {
        all = scores.toFloats();
      }
      float[] values = scratch();
      System.arraycopy(all, output * vocabulary, values, 0, vocabulary);
      return values;
    }
  }

  private float[] scratch() {
    logits = logits.length == 0 ? new float[vocabulary] : logits;
    return logits;
  }

  /** Runs an action; a failure ends the given requests and no others. */
  private static void guarded(List<RunningRequest> requests, Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      requests.forEach(request -> request.fail(e));
    }
  }

  private void removeFinished() {
    for (int row = 0; row < MOST; row++) {
      RunningRequest request = rows[row];
      if (request != null && request.isOver()) {
        remove(row, request);
      }
    }
  }

  private void remove(int row, RunningRequest request) {
    rows[row] = null;
    arrived.remove(request);
    steps.remove(row);
    request.close();
  }

  /** Returns the bytes of the keys and values of running requests, shared prefixes counted once. */
  long bytes() {
    return KvCache.bytes(running().stream().map(RunningRequest::cache).toList());
  }

  /** Fails all requests. */
  void fail(Throwable reason) {
    running().forEach(request -> request.fail(reason));
    removeFinished();
  }

  @Override
  public void close() {
    fail(new IllegalStateException("The model has been closed"));
    release();
  }
}
