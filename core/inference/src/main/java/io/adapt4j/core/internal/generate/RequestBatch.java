package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvBlock;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.CachedAttention;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
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
 * <p>The result of a request does not depend on those of other calls: neither the other rows of a
 * step of {@link DecoderSteps} nor the division of its tokens among steps changes a bit of it. When
 * running operator by operator, a pass reads the tokens of one request, in chunks that depend on it
 * alone, or those of all requests of a group, whose results are the same up to rounding, as are
 * those with a draft, which guesses only for a request that runs alone. A prefix shared with other
 * requests is processed by one of them for all. Not thread safe.
 */
final class RequestBatch implements AutoCloseable {

  /** Maximum number of concurrent requests, and of outputs per step. */
  static final int MOST = 32;

  /**
   * Tokens of a long prompt processed in one pass, operator by operator: no slower than most steps.
   */
  static final int CHUNK = 256;

  /** The same for prompts with pictures, which would often take two passes. */
  private static final int PICTURE_CHUNK = 512;

  /** Maximum number of tokens in a step. */
  static final int STEP = 128;

  private final Generator generator;
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

  /** The sampler that has chosen last. */
  private @Nullable Sampler sampler;

  private final PreparedSteps steps;

  /** Row at which the round starts, so that every request gets its turn. */
  private int turn;

  private int passes;

  private PauseLimit pause = new PauseLimit(Duration.ZERO, STEP);

  /** Prompt tokens that the current step has read. */
  private int promptTokens;

  RequestBatch(Generator generator, Decoder decoder, AdapterSet adapters, StepKernels kernels) {
    this.generator = generator;
    this.decoder = decoder;
    this.adapters = adapters;
    this.steps = new PreparedSteps(kernels, decoder, adapters, MOST, STEP);
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

  /** Starts a request with a validated prompt; there must be a free row. */
  RunningRequest add(Request added, PromptCache prompts) {
    boolean matters = prompts.isExact() || added.options().promptLookupTokens() > 0;
    Optional<PreparedSteps.Program> program =
        matters ? steps.programFor(added.adapter()) : Optional.empty();
    boolean areStepsExact =
        prompts.isExact() && program.filter(found -> found.steps().readsPrompts()).isPresent();
    Reading reading = generator.reading(added, prompts, areStepsExact);
    RunningRequest request = generator.start(added, prompts, reading, program.isPresent());
    int row = 0;
    while (rows[row] != null) {
      row++;
    }
    rows[row] = request;
    arrived.add(request);
    steps.place(row, request.cache());
    return request;
  }

  /** Advances every request and removes finished ones; if the step fails, all requests fail. */
  void step() {
    try {
      stepAll();
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /**
   * Limits the time of a step that reads prompts beside answers; zero for no limit. The tokens of a
   * prompt are then read by step kernels wherever there are any, since those may be divided among
   * steps in any way with the same result. No request is running.
   */
  void limitPause(Duration time) {
    pause = new PauseLimit(time, STEP);
  }

  private void stepAll() {
    running().forEach(RunningRequest::finishIfCancelled);
    boolean besideAnswers = running().stream().anyMatch(RunningRequest::hasBegun);
    RunningRequest alone = writingAlone();
    long begun = System.nanoTime();
    promptTokens = 0;
    readChunks();
    readNext(besideAnswers ? pause.tokens() : STEP);
    if (alone != null) {
      alone.took(System.nanoTime() - begun);
    }
    if (besideAnswers) {
      pause.took(System.nanoTime() - begun, promptTokens);
    }
    turn = (turn + 1) % MOST;
    removeFinished();
  }

  /** Returns the only request, if its next pass has one token and guesses. */
  private @Nullable RunningRequest writingAlone() {
    List<RunningRequest> all = running();
    RunningRequest first = all.size() == 1 ? all.get(0) : null;
    return first != null && !first.isOver() && first.hasBegun() && first.unread() == 1
        ? first
        : null;
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

  /**
   * Processes a chunk of the next long prompt that step kernels do not handle, together with those
   * of its group that fit into a chunk.
   */
  private void readChunks() {
    Map<RunningRequest, int[]> ids = new LinkedHashMap<>();
    int room = CHUNK;
    for (RunningRequest request : running()) {
      if (isNext(request) && !isReadInSteps(request)) {
        int most = request.reading().pictures().end() > 0 ? PICTURE_CHUNK : CHUNK;
        int count = isReadWhole(request) ? request.unread() : Math.min(request.unread(), most);
        Request group = ids.keySet().stream().findFirst().orElse(request).group();
        if (ids.isEmpty() || (count <= room && request.group() == group)) {
          int[] own = request.next(count);
          ids.put(request, own);
          room -= own.length;
        }
      }
    }
    readByOperators(ids);
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
    if (isReadWhole(request) || request.held() < request.reading().pictures().end()) {
      return false;
    }
    Reading reading = request.reading();
    if (reading.isInSteps() || reading.isByMarks()) {
      return reading.isInSteps() || (unread <= MOST && !request.reachesMark());
    }
    return unread <= MOST || hasStepsForPrompt(request, unread > CHUNK);
  }

  private boolean hasStepsForPrompt(RunningRequest request, boolean isLong) {
    return steps
        .programFor(request.adapter())
        .map(PreparedSteps.Program::steps)
        .filter(
            program ->
                pause.isSet() || (isLong ? program.readsLongPrompts() : program.readsPrompts()))
        .isPresent();
  }

  /**
   * Returns whether the tokens must be processed in one pass because their rotation depends on the
   * length of the whole text.
   */
  private boolean isReadWhole(RunningRequest request) {
    int unread = request.unread();
    return unread > 1 && request.rotationChanges(request.held() + 1, request.held() + unread);
  }

  /** Processes the next tokens of all other requests: those of a program or group together. */
  private void readNext(int mostOfPrompts) {
    Map<PreparedSteps.Program, List<RunningRequest>> bySteps = new LinkedHashMap<>();
    Map<Request, List<RunningRequest>> byOperators = new LinkedHashMap<>();
    for (RunningRequest request : running()) {
      if (isNext(request) && isReadInSteps(request)) {
        // Native steps rotate by the text's own length.
        Optional<PreparedSteps.Program> program =
            request.extra() > 0 ? Optional.empty() : steps.programFor(request.adapter());
        List<RunningRequest> joined =
            program.isPresent()
                ? bySteps.computeIfAbsent(program.get(), key -> new ArrayList<>())
                : byOperators.computeIfAbsent(request.group(), key -> new ArrayList<>());
        joined.add(request);
      }
    }
    bySteps.forEach(
        (program, requests) -> {
          int room = pause.isSet() || program.steps().readsPrompts() ? STEP : MOST;
          int share = Math.max(1, mostOfPrompts / bySteps.size());
          if (alone) {
            requests.forEach(request -> readBySteps(program, step(List.of(request), room, share)));
          } else {
            readBySteps(program, step(requests, room, share));
          }
        });
    byOperators.values().forEach(requests -> readByOperators(step(requests, STEP, STEP)));
  }

  /** Chooses the tokens of a step. */
  private Map<RunningRequest, int[]> step(
      List<RunningRequest> requests, int most, int mostOfPrompts) {
    List<RunningRequest> prompts =
        requests.stream().filter(request -> request.unread() > 1).toList();
    int room = most;
    // Each request has at least one output, and a prompt exactly one; guesses share the rest.
    int need = requests.size() - prompts.size();
    int outputs = MOST - prompts.size();
    Map<RunningRequest, int[]> ids = new LinkedHashMap<>();
    boolean isAlone = running().size() == 1;
    for (RunningRequest request : requests) {
      if (!prompts.contains(request)) {
        need--;
        int[] own = request.next(outputs - need, isAlone);
        outputs -= own.length;
        room -= own.length;
        ids.put(request, own);
      }
    }
    shares(prompts, Math.min(room, mostOfPrompts))
        .forEach(
            (request, share) -> {
              ids.put(request, request.next(share));
              promptTokens += share;
            });
    return ids;
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
    guarded(ids.keySet(), () -> with(program.alone(), () -> run(program, ids)));
  }

  private void run(PreparedSteps.Program program, Map<RunningRequest, int[]> ids) {
    ids.forEach((request, own) -> decoder.makeRoom(request.cache(), own.length));
    steps.placeChanged();
    List<DecoderSteps.Token> tokens = new ArrayList<>();
    Map<RunningRequest, Integer> outputs = outputs(ids);
    ids.forEach(
        (request, own) -> {
          int row = Arrays.asList(rows).indexOf(request);
          int adapter = program.number(request.adapter());
          int shift = request.reading().pictures().shift();
          for (int t = 0; t < own.length; t++) {
            boolean isOutput = t >= own.length - outputs.get(request);
            tokens.add(
                new DecoderSteps.Token(
                    own[t], row, request.held() + t, 0, isOutput, adapter, shift));
          }
        });
    int[] likeliest = program.steps().run(tokens);
    // Advance all before answering any: a listener may ask for what other requests can share.
    ids.forEach((request, own) -> request.cache().advance(own.length));
    RunningRequest alone = readerOfStates(ids);
    if (alone != null) {
      readStates(program.steps(), alone, ids.get(alone));
    }
    accept(outputs, new StepScores(program.steps(), likeliest));
  }

  /** Returns the request that runs alone, if its guesses need hidden states. */
  private @Nullable RunningRequest readerOfStates(Map<RunningRequest, int[]> ids) {
    RunningRequest first = ids.keySet().iterator().next();
    return first.readsStates() && running().size() == 1 ? first : null;
  }

  /** Lets a request read the hidden states of a step, if the kernels keep them. */
  private void readStates(DecoderSteps program, RunningRequest request, int[] ids) {
    int width = decoder.dimensions().hiddenSize();
    float[] states = new float[ids.length * width];
    for (int i = 0; i < ids.length; i++) {
      if (!program.lastLayer(i, states, i * width)) {
        return;
      }
    }
    try (Scope scope = Scope.open(decoder.engine())) {
      Tensor last = Tensor.of(states, 1, ids.length, width).copyAs(decoder.type());
      request.readStates(ids, decoder.body().end(ops, last));
    }
  }

  /** Returns the number of outputs of each request. */
  private static Map<RunningRequest, Integer> outputs(Map<RunningRequest, int[]> ids) {
    Map<RunningRequest, Integer> outputs = new LinkedHashMap<>();
    ids.forEach((request, own) -> outputs.put(request, request.outputs(own.length)));
    return outputs;
  }

  /** Lets each request choose from the scores of its outputs. */
  private void accept(Map<RunningRequest, Integer> outputs, RunningRequest.Scores scores) {
    passes++;
    int first = 0;
    for (Map.Entry<RunningRequest, Integer> entry : outputs.entrySet()) {
      RunningRequest request = entry.getKey();
      int from = first;
      int count = entry.getValue();
      request.saveStates();
      if (count > 0) {
        shareArrays(request);
        guarded(List.of(request), () -> request.accept(from, count, scores));
      }
      first += count;
    }
  }

  /** Lets all samplers use the same vocabulary-sized arrays. */
  private void shareArrays(RunningRequest request) {
    if (!request.isPlainGreedy()) {
      if (sampler != null) {
        request.sampler().shareArrays(sampler);
      }
      sampler = request.sampler();
    }
  }

  /** Scores of a step run by kernels. */
  private final class StepScores implements RunningRequest.Scores {
    private final DecoderSteps kernels;
    private final int[] likeliest;

    StepScores(DecoderSteps kernels, int[] likeliest) {
      this.kernels = kernels;
      this.likeliest = likeliest;
    }

    @Override
    public int likeliest(int output) {
      return likeliest[output];
    }

    @Override
    public float[] logits(int output) {
      float[] values = scratch();
      kernels.logits(output, values, 0);
      return values;
    }
  }

  /** Runs the network operator by operator for requests of a group. */
  private void readByOperators(Map<RunningRequest, int[]> ids) {
    if (!ids.isEmpty()) {
      AttachedAdapter adapter = ids.keySet().iterator().next().adapter();
      guarded(ids.keySet(), () -> with(adapter, () -> forward(ids)));
    }
  }

  private void forward(Map<RunningRequest, int[]> ids) {
    Map<RunningRequest, Integer> outputs = outputs(ids);
    long[] input =
        ids.values().stream()
            .flatMapToInt(Arrays::stream)
            .mapToLong(id -> id < Pictures.FIRST ? id : 0)
            .toArray();
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = positions(ids)) {
      Tensor read = Tensor.of(input, 1, input.length);
      Tensor hidden = decoder.hidden(ops, read, positions, false);
      RunningRequest alone = readerOfStates(ids);
      if (alone != null) {
        alone.readStates(ids.get(alone), hidden);
      }
      accept(outputs, new PassScores(outputs(hidden, ids, outputs)));
    }
  }

  private Positions positions(Map<RunningRequest, int[]> ids) {
    int[] counts = ids.values().stream().mapToInt(own -> own.length).toArray();
    List<KvCache> caches = ids.keySet().stream().map(RunningRequest::cache).toList();
    int[] extra = ids.keySet().stream().mapToInt(RunningRequest::extra).toArray();
    List<PromptPictures> pictures =
        ids.keySet().stream().map(request -> request.reading().pictures()).toList();
    int held = Math.toIntExact(caches.get(0).length());
    int end = held + counts[0];
    if (counts.length > 1 || extra[0] > 0 || !pictures.get(0).readsLikeText(held, end)) {
      return decoder.joinedPositions(caches, counts, extra, pictures);
    }
    long[] mask = new long[end];
    Arrays.fill(mask, 1);
    return decoder
        .positions(mask, 1, counts[0], caches.get(0))
        .inserting(pictures.get(0).rowsIn(held, end, 0));
  }

  /** Returns the hidden states of outputs, the last tokens of each request [outputs, hidden]. */
  private static Tensor outputs(
      Tensor hidden, Map<RunningRequest, int[]> ids, Map<RunningRequest, Integer> outputs) {
    List<Long> places = new ArrayList<>();
    long end = 0;
    for (Map.Entry<RunningRequest, int[]> entry : ids.entrySet()) {
      end += entry.getValue().length;
      for (long at = end - outputs.get(entry.getKey()); at < end; at++) {
        places.add(at);
      }
    }
    Tensor all = hidden.viewed(end, hidden.size(2));
    if (places.isEmpty() || places.size() == end) {
      return all;
    }
    long[] index = places.stream().mapToLong(Long::longValue).toArray();
    return CachedAttention.rows(all, Tensor.of(index, index.length));
  }

  /** Scores of a pass run operator by operator. */
  private final class PassScores implements RunningRequest.Scores {
    private final Tensor hidden;
    private @Nullable Tensor scores;
    private long @Nullable [] likeliest;

    /** Creates the scores of some outputs. */
    PassScores(Tensor hidden) {
      this.hidden = hidden;
    }

    private Tensor scores() {
      if (scores == null) {
        scores = decoder.logits(hidden);
      }
      return scores;
    }

    @Override
    public int likeliest(int output) {
      if (likeliest == null) {
        likeliest = Logits.likeliest(scores());
      }
      return Math.toIntExact(likeliest[output]);
    }

    @Override
    public float[] logits(int output) {
      return scores().narrow(0, output, 1).toFloats(scratch());
    }
  }

  private float[] scratch() {
    logits = logits.length == 0 ? new float[vocabulary] : logits;
    return logits;
  }

  /** Runs an action; a failure ends the given requests and no others. */
  private static void guarded(Collection<RunningRequest> requests, Runnable action) {
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
