package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.PromptTooLongException;
import io.adapt4j.core.internal.TooManyTokensException;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.tokenize.TextStream;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Generates tokens for tokenized prompts. Not thread safe. */
public final class Generator {

  private final Decoder decoder;
  private final Optional<Tokenizer> tokenizer;
  private final Set<Integer> endIds;
  private @Nullable Drafter draft;
  private DraftCost draftCost = new DraftCost();
  private final DraftCost lookupCost = new DraftCost();

  /** Creates a generator. */
  public Generator(Decoder decoder, Optional<Tokenizer> tokenizer, Set<Integer> endIds) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
    this.endIds = Set.copyOf(endIds);
  }

  /** Lets a smaller model guess tokens in place of any other draft, which is closed. */
  public void useDraft(DraftModel smaller) {
    replaceDraft(smaller);
  }

  /** Lets a layer of the model guess tokens in place of any other draft, which is closed. */
  public void useDraft(NextTokenDraft ownLayer) {
    replaceDraft(ownLayer);
  }

  private void replaceDraft(@Nullable Drafter next) {
    if (draft != null) {
      draft.close();
    }
    draft = next;
    draftCost = new DraftCost();
  }

  /** Closes the draft, if there is any. */
  public void closeDraft() {
    replaceDraft(null);
  }

  /** Lets the draft forget the model's hidden states, since its weights are about to change. */
  void modelChanges() {
    if (draft != null) {
      draft.modelChanges();
    }
  }

  /** Returns whether a smaller model or an own layer guesses tokens. */
  public boolean hasDraft() {
    return draft != null;
  }

  /** Generates from several prompts as one batch, which more join as others end. */
  public List<Generation> generate(
      List<int[]> prompts,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    requireAllUsable(prompts, options);
    return alone(Request.group(prompts, options, onText, cancellation, () -> null));
  }

  /** Generates from several prompts as one batch, without streaming or cancellation. */
  public List<Generation> generate(List<int[]> prompts, GenerationOptions options) {
    return generate(prompts, options, piece -> {}, new CancellationToken());
  }

  /**
   * Generates from one prompt, reusing the keys and values of a prefix it shares with an earlier
   * prompt or answer.
   */
  public Generation generate(
      int[] prompt,
      PromptCache prompts,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    requireUsable(prompt, options);
    Request request = new Request(prompt, options, onText, cancellation);
    try (RequestBatch batch = newBatch(noAdapters())) {
      return answer(List.of(request), batch, prompts).get(0);
    }
  }

  private List<Generation> alone(List<Request> requests) {
    try (PromptCache none = newPromptCache();
        RequestBatch batch = newBatch(noAdapters())) {
      return answer(requests, batch, none);
    }
  }

  /** Answers requests on this thread, as many at a time as a batch has rows. */
  List<Generation> answer(List<Request> requests, RequestBatch batch, PromptCache prompts) {
    Iterator<Request> waiting = requests.iterator();
    try {
      while (waiting.hasNext() || !batch.isEmpty()) {
        while (waiting.hasNext() && !batch.isFull()) {
          Request next = waiting.next();
          if (next.isCancelled()) {
            next.answer(cancelled(next));
          } else {
            batch.add(next, prompts);
          }
        }
        batch.step();
        requests.stream().filter(Request::isRefused).findFirst().ifPresent(Request::await);
      }
    } catch (RuntimeException | Error e) {
      batch.fail(e);
      requests.forEach(Request::letGo);
      throw e;
    }
    return Request.awaitAll(requests);
  }

  RequestBatch newBatch(AdapterSet adapters) {
    return new RequestBatch(this, decoder, adapters, StepKernels::prepared);
  }

  /** Creates a cache that keeps nothing. */
  PromptCache newPromptCache() {
    return new PromptCache(decoder, 0);
  }

  /** Creates an empty adapter set. */
  AdapterSet noAdapters() {
    return new AdapterSet(decoder);
  }

  /** Validates a prompt. */
  public void requireUsable(int[] prompt, GenerationOptions options) {
    requireAllUsable(List.of(prompt), options);
  }

  /** Validates prompts. */
  void requireAllUsable(List<int[]> prompts, GenerationOptions options) {
    requireUsable(prompts, options);
    if (options.constraint().isPresent()) {
      tokenBytes();
    }
  }

  private TokenBytes tokenBytes() {
    return tokenizer
        .orElseThrow(
            () ->
                new IllegalStateException("constraint needs a tokenizer, and this model has none"))
        .tokenBytes();
  }

  /**
   * Starts a request with a validated prompt; a batch closes the result.
   *
   * @param hasSteps whether step kernels run its passes: to the same bits whatever their width
   */
  RunningRequest start(Request request, PromptCache prompts, Reading reading, boolean hasSteps) {
    int room = limit(request.options()) - request.prompt().length;
    TextStream stream = stream(request);
    AnswerConstraint constraint = constraint(request, stream);
    TextOutput text = new TextOutput(stream, request.options().stopStrings(), request::text);
    try {
      return new RunningRequest(decoder, request, room, endIds, text, constraint, prompts, reading)
          .draftedBy(draft, draftCost, hasSteps ? lookupCost : DraftCost.unmeasured());
    } catch (RuntimeException | Error e) {
      reading.pictures().close();
      throw e;
    }
  }

  /**
   * Returns how the prompt of a request is divided into passes.
   *
   * @param areStepsExact whether step kernels can process all of it
   */
  Reading reading(Request request, PromptCache prompts, boolean areStepsExact) {
    int room = limit(request.options()) - request.prompt().length;
    int most = request.prompt().length + Math.min(request.options().maxNewTokens(), room);
    boolean isFixed = decoder.hasFixedKeys(most);
    boolean isExact = prompts.isExact() && !request.isOfGroup();
    PromptPictures pictures = decoder.pictures().of(request.prompt());
    boolean isInSteps = isExact && areStepsExact && isFixed && pictures.end() == 0;
    boolean isByMarks = isExact && !isInSteps;
    boolean savesStates = decoder.keepsStates() && prompts.savesStates();
    int[] marks =
        isFixed && (isByMarks || savesStates)
            ? Reading.marks(decoder.pictures().withTokens(request.prompt()), this::endsMessage)
            : new int[0];
    return new Reading(pictures.outsideBlocks(marks), isByMarks, isInSteps, pictures);
  }

  private boolean endsMessage(int id) {
    return endIds.contains(id) || tokenizer.filter(known -> known.isSpecial(id)).isPresent();
  }

  private @Nullable TextStream stream(Request request) {
    GenerationOptions options = request.options();
    if (tokenizer.isEmpty()) {
      if (!options.stopStrings().isEmpty()) {
        throw new IllegalStateException(
            "stopStrings need a tokenizer, and this model has none; use stopIds");
      }
      return null;
    }
    int[] prompt = decoder.pictures().withTokens(request.prompt());
    // With a constraint, the text is exactly what it allows.
    return options.constraint().isPresent()
        ? tokenizer.get().exactStream(options.skipSpecialTokens(), prompt)
        : tokenizer.get().stream(options.skipSpecialTokens(), prompt);
  }

  private @Nullable AnswerConstraint constraint(Request request, @Nullable TextStream stream) {
    GenerationOptions options = request.options();
    if (options.constraint().isEmpty()) {
      return null;
    }
    boolean atBeginning = stream != null && stream.isAtBeginning();
    ConstraintState state = options.constraint().get().begin(tokenBytes(), atBeginning);
    Set<Integer> ends = new HashSet<>(options.stopIds());
    if (!options.ignoreEos()) {
      ends.addAll(endIds);
    }
    return new AnswerConstraint(state, ends);
  }

  /**
   * Returns the bytes of keys, values and states that a request adds to those of the running ones.
   */
  long bytes(Request request, PromptCache prompts) {
    int[] prompt = request.prompt();
    int room = limit(request.options()) - prompt.length;
    int capacity = prompt.length + Math.min(request.options().maxNewTokens(), room) - 1;
    int shared = prompts.sharedWithRunning(prompt, capacity, request.adapter());
    return decoder.requestBytes(capacity - shared);
  }

  /** Returns the result of a request that is cancelled before it starts. */
  Generation cancelled(Request request) {
    return cancelled(request.prompt().length);
  }

  /** Returns the result of a generation that is cancelled before its first token. */
  public static Generation cancelled(int promptTokens) {
    return new Generation("", List.of(), FinishReason.CANCELLED, promptTokens);
  }

  private int limit(GenerationOptions options) {
    return options.ignoreContextLength() ? decoder.positionLimit() : decoder.lengthLimit();
  }

  private void requireUsable(List<int[]> prompts, GenerationOptions options) {
    int limit = limit(options);
    int[] biased = options.logitBias().keySet().stream().mapToInt(Integer::intValue).toArray();
    decoder.requireKnownIds(biased, "logitBias");
    for (int i = 0; i < prompts.size(); i++) {
      int[] prompt = prompts.get(i);
      if (prompt.length == 0) {
        throw new IllegalArgumentException("Prompt " + i + " has no tokens; give at least one");
      }
      decoder.requireKnownIds(decoder.pictures().withTokens(prompt), "Prompt " + i);
      if (prompt.length >= limit) {
        throw tooLong("Prompt " + i + " has ", prompt.length, options);
      }
    }
  }

  /** Encodes a prompt, limited to what the context has room for. */
  public int[] encode(GenerationOptions options, IntFunction<int[]> encoding) {
    try {
      return encoding.apply(limit(options) - 1);
    } catch (TooManyTokensException e) {
      PromptTooLongException tooLong =
          tooLong("The prompt has at least ", e.leastTokens(), options);
      tooLong.initCause(e);
      throw tooLong;
    }
  }

  private PromptTooLongException tooLong(String found, int tokens, GenerationOptions options) {
    int limit = limit(options);
    return new PromptTooLongException(
        found
            + tokens
            + " tokens, but the model's context holds "
            + limit
            + " including at least one new token; shorten the prompt to "
            + (limit - 1)
            + (limit < decoder.positionLimit()
                ? ", or set ignoreContextLength in GenerationOptions to go beyond"
                : ""),
        tokens,
        limit);
  }
}
